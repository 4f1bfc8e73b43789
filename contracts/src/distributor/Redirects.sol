// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ExpiringPause} from "../base/ExpiringPause.sol";
import {IRedirects} from "../interfaces/IRedirects.sol";
import {Accounts} from "./Accounts.sol";

/// @title Redirects
/// @notice Lost wallets and their heirs; see {IRedirects}.
abstract contract Redirects is IRedirects, ExpiringPause, Accounts {
    struct Proposal {
        address heir;
        uint40 readyAt;
        uint40 expiresAt;
    }

    /// @notice From proposal to execution. A constant, so that no setting of a role can shorten it.
    uint40 public constant REDIRECT_DELAY = 7 days;
    /// @notice How long a proposal that is ready may be executed.
    uint40 public constant REDIRECT_LIFE = 30 days;
    /// @notice The most wallets lost in a row that are followed to look for a circle.
    uint256 public constant MAX_HEIRS = 16;

    /// @inheritdoc IRedirects
    mapping(address lost => address) public heirOf;
    /// @inheritdoc IRedirects
    mapping(address lost => Proposal) public redirectOf;

    /// @inheritdoc IRedirects
    function proposeRedirect(address lost, address heir, bytes32 reasonHash) external restricted {
        bool nobody = lost == address(0) || heir == address(0) || heir == address(this);
        if (nobody || lost == heir) revert RedirectInvalid(lost, heir);
        if (heirOf[lost] != address(0)) revert AlreadyRedirected(lost, heirOf[lost]);
        uint40 openUntil = redirectOf[lost].expiresAt;
        if (block.timestamp < openUntil) revert RedirectOpen(lost, openUntil);
        _requireNoCycle(lost, heir);

        uint40 readyAt = uint40(block.timestamp) + REDIRECT_DELAY;
        uint40 expiresAt = readyAt + REDIRECT_LIFE;
        redirectOf[lost] = Proposal(heir, readyAt, expiresAt);
        emit RedirectProposed(lost, heir, readyAt, expiresAt, reasonHash);
    }

    /// @inheritdoc IRedirects
    function cancelRedirect(address lost) external restricted {
        address heir = _dropProposal(lost).heir;
        emit RedirectCancelled(lost, heir);
    }

    /// @inheritdoc IRedirects
    function objectToRedirect() external {
        address heir = _dropProposal(msg.sender).heir;
        emit RedirectObjected(msg.sender, heir);
    }

    /// @inheritdoc IRedirects
    function executeRedirect(address lost) external whenNotPaused nonReentrant {
        Proposal memory proposal = _dropProposal(lost);
        if (block.timestamp < proposal.readyAt) revert RedirectNotReady(lost, proposal.readyAt);
        if (block.timestamp >= proposal.expiresAt) revert RedirectExpired(lost, proposal.expiresAt);
        // Other redirects may have been executed since this one was proposed.
        _requireNoCycle(lost, proposal.heir);

        heirOf[lost] = proposal.heir;
        _setFlag(lost, HAS_HEIR, true);
        emit RedirectExecuted(lost, proposal.heir);
    }

    function _isLost(Account memory account) internal pure returns (bool) {
        return account.flags & HAS_HEIR != 0;
    }

    /// @dev Stores `account` of `lost` without its credit and adds that credit to the heir's account. The credit goes one
    /// heir further, even if the heir is lost too, so that no row of heirs is ever too long to walk.
    function _passOn(address lost, Account memory account) internal {
        uint192 creditX96 = account.creditX96;
        _store(lost, account.cursor, 0, account.flags);
        if (creditX96 == 0) return;
        address heir = heirOf[lost];
        Account memory heirs = _account(heir);
        heirs.creditX96 += creditX96;
        _store(heir, heirs);
        emit Redirected(lost, heir, creditX96, account.cursor);
    }

    /// @dev Deletes the proposal for `lost` and returns it.
    function _dropProposal(address lost) private returns (Proposal memory proposal) {
        proposal = redirectOf[lost];
        if (proposal.heir == address(0)) revert NoRedirect(lost);
        delete redirectOf[lost];
    }

    function _requireNoCycle(address lost, address heir) private view {
        address next = heirOf[heir];
        for (uint256 i = 0; next != address(0); ++i) {
            if (next == lost) revert RedirectCycle(lost, heir);
            if (i == MAX_HEIRS) revert RedirectChainTooLong(heir, MAX_HEIRS);
            next = heirOf[next];
        }
    }
}
