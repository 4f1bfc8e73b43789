// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

import {IHolderRegister} from "./interfaces/IHolderRegister.sol";
import {IInvestorGate} from "./interfaces/IInvestorGate.sol";
import {DayCheckpoints} from "./lib/DayCheckpoints.sol";
import {SettlementDay} from "./lib/SettlementDay.sol";

/// @title AssetShare
/// @notice The shares of one asset: an ERC-20 of whole shares (0 decimals) that remembers who held them at the end of
/// every settlement day. Shares move only between addresses that the gate allows.
contract AssetShare is ERC20, AccessManaged, IHolderRegister {
    using DayCheckpoints for DayCheckpoints.Trace;

    /// @notice More excluded holders than the contract keeps.
    error TooManyExcluded(uint256 got, uint256 most);
    /// @notice The excluded holders hold a zero address or the same address twice.
    error ExcludedInvalid(address holder);
    /// @notice The gate does not allow `holder` to hold or to send shares.
    error HolderNotAllowed(address holder);
    /// @notice The supply would pass the largest balance that a checkpoint holds.
    error SupplyTooLarge(uint256 supply, uint256 most);
    /// @notice A contract that this one depends on is the zero address.
    error ZeroAddress();

    uint256 public constant MAX_EXCLUDED = 8;

    IInvestorGate public immutable gate;
    /// @inheritdoc IHolderRegister
    int32 public immutable utcOffset;

    /// @notice Whether `holder` earns nothing and leaves the denominator. Fixed when the contract is created: a list that
    /// could change would change what everybody else earned.
    mapping(address holder => bool) public isExcluded;
    address[] private _excluded;

    /// @dev Kept apart, so that what an excluded holder has can't be mistaken for what earns.
    mapping(address holder => DayCheckpoints.Trace) private _earning;
    mapping(address holder => DayCheckpoints.Trace) private _notEarning;
    DayCheckpoints.Trace private _supply;
    DayCheckpoints.Trace private _excludedSupply;

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
    ) ERC20(name, symbol) AccessManaged(authority) {
        SettlementDay.requireOffset(utcOffset_);
        if (address(gate_) == address(0)) revert ZeroAddress();
        if (excluded_.length > MAX_EXCLUDED) revert TooManyExcluded(excluded_.length, MAX_EXCLUDED);
        for (uint256 i = 0; i < excluded_.length; ++i) {
            address holder = excluded_[i];
            if (holder == address(0) || isExcluded[holder]) revert ExcludedInvalid(holder);
            isExcluded[holder] = true;
        }
        gate = gate_;
        utcOffset = utcOffset_;
        _excluded = excluded_;
    }

    /// @notice Creates `amount` shares for `to`, who must be allowed by the gate. Restricted: the issuer role.
    function mint(address to, uint256 amount) external restricted {
        _mint(to, amount);
    }

    /// @notice Shares are indivisible: one token unit is one share.
    function decimals() public pure override returns (uint8) {
        return 0;
    }

    /// @notice Shares of `holder` now.
    function balanceOf(address holder) public view override returns (uint256) {
        return _traceOf(holder, isExcluded[holder]).latest();
    }

    /// @notice All shares in existence now.
    function totalSupply() public view override returns (uint256) {
        return _supply.latest();
    }

    /// @notice The holders that earn nothing.
    function excluded() external view returns (address[] memory) {
        return _excluded;
    }

    /// @inheritdoc IHolderRegister
    function today() public view returns (uint32) {
        return SettlementDay.dayOf(block.timestamp, utcOffset);
    }

    /// @inheritdoc IHolderRegister
    function shareDays(address holder, uint32 fromDay, uint32 toDay) external view returns (uint256) {
        _requireOver(fromDay, toDay);
        return _earning[holder].shareDays(fromDay, toDay);
    }

    /// @inheritdoc IHolderRegister
    function totalShareDays(uint32 fromDay, uint32 toDay) external view returns (uint256) {
        _requireOver(fromDay, toDay);
        return _supply.shareDays(fromDay, toDay) - _excludedSupply.shareDays(fromDay, toDay);
    }

    /// @inheritdoc IHolderRegister
    function balanceAt(address holder, uint32 day) external view returns (uint256) {
        _requireOver(day);
        return _traceOf(holder, isExcluded[holder]).balanceAt(day);
    }

    /// @inheritdoc IHolderRegister
    function supplyAt(uint32 day) external view returns (uint256) {
        _requireOver(day);
        return _supply.balanceAt(day);
    }

    function _requireOver(uint32 day) private view {
        uint32 current = today();
        if (day >= current) revert DayNotOver(day, current);
    }

    function _requireOver(uint32 fromDay, uint32 toDay) private view {
        if (fromDay > toDay) revert DaysReversed(fromDay, toDay);
        uint32 current = today();
        if (toDay > current) revert DayNotOver(toDay, current);
    }

    /// @dev Every change of a balance passes here: the gate first, then the register, which is the only place where
    /// balances are kept: one truth, and one storage slot less for each side of a transfer.
    function _update(address from, address to, uint256 amount) internal override {
        if (from != address(0) && !gate.isAllowed(from)) revert HolderNotAllowed(from);
        if (!gate.isAllowed(to)) revert HolderNotAllowed(to);
        // Anybody may move nothing out of anybody's account; that must not write there.
        if (amount != 0) _record(from, to, amount);
        emit Transfer(from, to, amount);
    }

    function _record(address from, address to, uint256 amount) private {
        uint32 day = today();
        bool toExcluded = isExcluded[to];
        bool fromExcluded = false;
        if (from == address(0)) {
            uint256 supply = totalSupply() + amount;
            if (supply > type(uint96).max) revert SupplyTooLarge(supply, type(uint96).max);
            _supply.record(day, uint96(supply));
        } else {
            fromExcluded = isExcluded[from];
            DayCheckpoints.Trace storage giving = _traceOf(from, fromExcluded);
            uint256 held = giving.latest();
            if (amount > held) revert ERC20InsufficientBalance(from, held, amount);
            giving.record(day, uint96(held - amount));
        }
        // Read after the giver's record, so that a transfer to oneself adds up. No balance exceeds the supply.
        DayCheckpoints.Trace storage taking = _traceOf(to, toExcluded);
        taking.record(day, uint96(taking.latest() + amount));
        if (fromExcluded == toExcluded) return;
        uint256 kept = _excludedSupply.latest();
        _excludedSupply.record(day, uint96(toExcluded ? kept + amount : kept - amount));
    }

    function _traceOf(address holder, bool excluded_) private view returns (DayCheckpoints.Trace storage) {
        return excluded_ ? _notEarning[holder] : _earning[holder];
    }
}
