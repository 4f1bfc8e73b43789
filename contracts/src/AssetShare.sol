// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {Governed} from "./base/Governed.sol";
import {HolderRegister} from "./base/HolderRegister.sol";
import {IAssetShare} from "./interfaces/IAssetShare.sol";
import {IERC7943} from "./interfaces/IERC7943.sol";
import {IInvestorGate} from "./interfaces/IInvestorGate.sol";
import {DayCheckpoints} from "./lib/DayCheckpoints.sol";
import {DomainName} from "./lib/DomainName.sol";

/// @title AssetShare
/// @notice The shares of one asset: an ERC-20 of whole shares (0 decimals) that remembers who held them at the end of
/// every settlement day; see {IAssetShare}, {IERC7943} and {IHolderRegister}.
contract AssetShare is IAssetShare, IERC7943, ERC20Permit, HolderRegister, Governed {
    using DayCheckpoints for DayCheckpoints.Trace;

    /// @notice The reason of a forced transfer that came in the standard's form, which has none.
    bytes32 public constant STANDARD_FORM = "ERC-7943";

    /// @inheritdoc IAssetShare
    IInvestorGate public gate;

    /// @param utcOffset_ Seconds that the asset's clock is ahead of UTC, -12 h to +14 h.
    /// @param excluded_ At most 8 addresses (treasury, unsold shares) that earn nothing.
    /// @param authority The AccessManager of the asset.
    constructor(
        string memory name,
        string memory symbol,
        IInvestorGate gate_,
        int32 utcOffset_,
        address[] memory excluded_,
        address authority
    ) ERC20(name, symbol) ERC20Permit(DomainName.fit(name)) HolderRegister(utcOffset_, excluded_) Governed(authority) {
        _setGate(gate_);
    }

    // ---------------------------------------------------------------- powers

    /// @inheritdoc IAssetShare
    function mint(address to, uint256 amount) external restricted {
        _mint(to, amount);
    }

    /// @inheritdoc IAssetShare
    function burn(uint256 amount) external restricted {
        _burn(msg.sender, amount);
    }

    /// @inheritdoc IAssetShare
    function forcedTransfer(address from, address to, uint256 amount, bytes32 reason) external restricted {
        if (reason == 0) revert ReasonMissing();
        _force(from, to, amount, reason);
    }

    /// @inheritdoc IERC7943
    function forcedTransfer(address from, address to, uint256 amount) external restricted returns (bool) {
        _force(from, to, amount, STANDARD_FORM);
        return true;
    }

    /// @inheritdoc IERC7943
    function setFrozenTokens(address account, uint256 amount) external restricted returns (bool) {
        if (account == address(0)) revert ZeroAddress();
        if (amount > type(uint96).max) revert FrozenTooLarge(amount, type(uint96).max);
        _setFrozen(account, uint96(amount));
        return true;
    }

    /// @inheritdoc IAssetShare
    function setGate(IInvestorGate newGate) external restricted {
        if (address(newGate) == address(gate)) revert GateUnchanged(newGate);
        _setGate(newGate);
    }

    // ---------------------------------------------------------------- views

    /// @notice Shares are indivisible: one token unit is one share.
    function decimals() public pure override returns (uint8) {
        return 0;
    }

    /// @notice Shares of `holder` now.
    function balanceOf(address holder) public view override returns (uint256) {
        return _traceOf(holder).latest();
    }

    /// @notice All shares in existence now.
    function totalSupply() public view override returns (uint256) {
        return _latestSum();
    }

    /// @inheritdoc IERC7943
    function getFrozenTokens(address account) external view returns (uint256) {
        return _traceOf(account).frozen;
    }

    /// @inheritdoc IERC7943
    function canSend(address account) external view returns (bool) {
        return _isAllowed(account);
    }

    /// @inheritdoc IERC7943
    function canReceive(address account) external view returns (bool) {
        return _isAllowed(account);
    }

    /// @inheritdoc IERC7943
    function canTransfer(address from, address to, uint256 amount) external view returns (bool) {
        DayCheckpoints.Trace storage trace = _traceOf(from);
        return amount <= _unfrozen(trace.latest(), trace.frozen) && _isAllowed(from) && _isAllowed(to);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == type(IERC7943).interfaceId || id == type(IERC20).interfaceId || id == type(IERC165).interfaceId;
    }

    // ---------------------------------------------------------------- moving shares

    /// @dev Every change of a balance but a forced one passes here: the gate first, then the register, which is the only
    /// place where balances are kept: one truth, and one storage slot less for each side of a transfer.
    function _update(address from, address to, uint256 amount) internal override {
        IInvestorGate current = gate;
        if (from != address(0) && !_allows(current, from)) revert ERC7943CannotSend(from);
        if (to != address(0) && !_allows(current, to)) revert ERC7943CannotReceive(to);
        // Anybody may transfer 0 shares from any account; such a transfer must not write to that account.
        if (amount != 0) {
            uint32 day = today();
            if (from == address(0)) _create(day, amount);
            else _take(from, day, _requireFree(from, amount), amount);
            if (to == address(0)) _destroy(day, amount);
            else _give(to, day, amount);
        }
        emit Transfer(from, to, amount);
    }

    /// @dev A forced transfer asks the gate about the receiver only, and takes frozen shares when others don't do.
    function _force(address from, address to, uint256 amount, bytes32 reason) private {
        // To oneself it would only unfreeze.
        if (from == to || amount == 0) revert ERC7943CannotTransfer(from, to, amount);
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        if (!_isAllowed(to)) revert ERC7943CannotReceive(to);
        uint96 held = _requireHeld(from, amount);
        uint96 frozen = _traceOf(from).frozen;
        uint256 unfrozen = _unfrozen(held, frozen);
        // At most all frozen shares that are there, so the difference stays within what is frozen.
        if (amount > unfrozen) _setFrozen(from, uint96(frozen - (amount - unfrozen)));
        uint32 day = today();
        _take(from, day, held, amount);
        _give(to, day, amount);
        emit Transfer(from, to, amount);
        emit ForcedTransfer(from, to, amount);
        emit ForcedTransferReason(from, to, amount, reason);
    }

    function _create(uint32 day, uint256 amount) private {
        uint96 before = _latestSum();
        uint96 room = type(uint96).max - before;
        if (amount > room) revert SupplyTooLarge(amount, room);
        _setSum(day, before + uint96(amount));
    }

    /// @dev No balance exceeds the supply, so what `_take` took fits.
    function _destroy(uint32 day, uint256 amount) private {
        _setSum(day, uint96(_latestSum() - amount));
    }

    /// @dev `held` is at least `amount`.
    function _take(address from, uint32 day, uint96 held, uint256 amount) private {
        _setBalance(from, day, held, held - uint96(amount));
    }

    /// @dev Reads after the giver was written, so that a transfer to oneself adds up. No balance exceeds the supply, so
    /// the sum fits.
    function _give(address to, uint32 day, uint256 amount) private {
        uint96 held = _traceOf(to).latest();
        _setBalance(to, day, held, held + uint96(amount));
    }

    function _setFrozen(address account, uint96 amount) private {
        _traceOf(account).frozen = amount;
        emit Frozen(account, amount);
    }

    function _setGate(IInvestorGate newGate) private {
        if (address(newGate).code.length == 0) revert NoContract(address(newGate));
        emit GateSet(newGate, gate);
        gate = newGate;
    }

    function _isAllowed(address account) private view returns (bool) {
        return _allows(gate, account);
    }

    /// @dev A gate that fails, or answers something else than yes or no, allows nobody: ERC-7943 wants answers, not errors.
    function _allows(IInvestorGate asked, address account) private view returns (bool) {
        (bool answered, bytes memory answer) =
            address(asked).staticcall(abi.encodeCall(IInvestorGate.isAllowed, (account)));
        return answered && answer.length == 32 && abi.decode(answer, (uint256)) == 1;
    }

    /// @dev Returns what `account` has, or reverts when that is less than `amount`.
    function _requireHeld(address account, uint256 amount) private view returns (uint96 held) {
        held = _traceOf(account).latest();
        if (amount > held) revert ERC20InsufficientBalance(account, held, amount);
    }

    /// @dev The same, and the account must be free to send as much.
    function _requireFree(address account, uint256 amount) private view returns (uint96 held) {
        held = _requireHeld(account, amount);
        uint256 unfrozen = _unfrozen(held, _traceOf(account).frozen);
        if (amount > unfrozen) revert ERC7943InsufficientUnfrozenBalance(account, amount, unfrozen);
    }

    function _unfrozen(uint256 held, uint256 frozen) private pure returns (uint256) {
        return held > frozen ? held - frozen : 0;
    }

    /// @dev All powers over holders; burning only touches what the issuer has itself.
    function _mayAbdicate(bytes4 selector) internal pure override returns (bool) {
        return selector == IAssetShare.mint.selector || selector == IAssetShare.forcedTransfer.selector
            || selector == IERC7943.forcedTransfer.selector || selector == IERC7943.setFrozenTokens.selector
            || selector == IAssetShare.setGate.selector;
    }
}
