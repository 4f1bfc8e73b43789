// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRecipients} from "../interfaces/IRecipients.sol";
import {GateWatch} from "./GateWatch.sol";

/// @title Recipients
/// @notice Where a holder is paid, and whether it is paid at all; see {IRecipients}.
abstract contract Recipients is IRecipients, GateWatch {
    /// @dev Why a payment is held back, and whose fault it is.
    enum Obstacle {
        None,
        Frozen,
        GateRefuses,
        GateFails
    }

    /// @notice Holders in one call.
    uint256 public constant MAX_HOLDERS = 256;

    mapping(address holder => address) private _payoutAddressOf;

    /// @inheritdoc IRecipients
    function setPayoutAddress(address to) external nonReentrant {
        if (to == address(this)) revert PayoutAddressInvalid(to);
        _payoutAddressOf[msg.sender] = to;
        _setFlag(msg.sender, HAS_PAYOUT_ADDRESS, to != address(0));
        emit PayoutAddressSet(msg.sender, to);
    }

    /// @inheritdoc IRecipients
    function setPayoutFrozen(address[] calldata holders, bool frozen) external restricted nonReentrant {
        if (holders.length > MAX_HOLDERS) revert TooManyHolders(holders.length, MAX_HOLDERS);
        for (uint256 i = 0; i < holders.length; ++i) {
            _setFlag(holders[i], FROZEN, frozen);
            emit PayoutFrozenSet(holders[i], frozen);
        }
    }

    /// @inheritdoc IRecipients
    function payoutAddressOf(address holder) external view returns (address) {
        return _recipientOf(holder, _account(holder));
    }

    /// @inheritdoc IRecipients
    function isPayoutFrozen(address holder) external view returns (bool) {
        return _isFrozen(_account(holder));
    }

    /// @dev The address to pay. Reverts unless `holder` can be paid now.
    function _requirePayable(address holder, Account memory account) internal view returns (address to) {
        Obstacle obstacle;
        address who;
        (to, obstacle, who) = _route(holder, account);
        if (obstacle == Obstacle.Frozen) revert PayoutFrozen(who);
        if (obstacle == Obstacle.GateRefuses) revert HolderNotAllowed(who);
        if (obstacle == Obstacle.GateFails) revert GateFails(who, _graceEndsAt(who, _account(who).flags));
    }

    /// @dev The address that `holder` is paid at, the first obstacle, and whose obstacle it is (`who`): the holder's or the
    /// recipient's. Both must be free.
    function _route(address holder, Account memory account)
        internal
        view
        returns (address to, Obstacle obstacle, address who)
    {
        to = _recipientOf(holder, account);
        obstacle = _obstacleOf(holder, account);
        if (obstacle != Obstacle.None || to == holder) return (to, obstacle, holder);
        return (to, _obstacleOf(to, _account(to)), to);
    }

    function _obstacleOf(address who, Account memory account) private view returns (Obstacle) {
        if (_isFrozen(account)) return Obstacle.Frozen;
        Answer answer = _verdict(who, account);
        if (answer == Answer.Allows) return Obstacle.None;
        return answer == Answer.Refuses ? Obstacle.GateRefuses : Obstacle.GateFails;
    }

    /// @dev A freeze lasts no longer than the power to lift it.
    function _isFrozen(Account memory account) private view returns (bool) {
        return account.flags & FROZEN != 0 && !isAbdicated[this.setPayoutFrozen.selector];
    }

    function _recipientOf(address holder, Account memory account) private view returns (address) {
        return account.flags & HAS_PAYOUT_ADDRESS == 0 ? holder : _payoutAddressOf[holder];
    }
}
