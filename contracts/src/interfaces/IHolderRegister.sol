// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who held how many shares on which settlement day
/// @notice The one thing the distributor needs to know about a share token. A holder of record of a day is whoever holds
/// the shares when that day ends, in the asset's own fixed offset from UTC. A payout period pays by *share-days*: the
/// sum of the balances at the end of each of its days, which is a daily accrual to the holder of record.
///
/// A day that isn't over has no answer: every question about it reverts, because an answer that can still change would
/// be a record date chosen with hindsight. Once a day is over its balances never change.
///
/// Some holders (the treasury, unsold shares) are *excluded*: their balances are recorded like anybody's, but they earn
/// no share-days and do not count in the total.
interface IHolderRegister {
    /// @notice Asked about `day` (or about days up to it) while the current settlement day is `today`.
    error DayNotOver(uint32 day, uint32 today);
    /// @notice The span ends before it begins.
    error DaysReversed(uint32 fromDay, uint32 toDay);
    /// @notice More excluded holders than the register keeps.
    error TooManyExcluded(uint256 got, uint256 most);
    /// @notice The excluded holders hold a zero address or the same address twice.
    error ExcludedInvalid(address holder);

    /// @notice Share-days of `holder` over [fromDay, toDay); 0 for an excluded holder.
    /// @dev Reverts with DayNotOver unless toDay <= today.
    function shareDays(address holder, uint32 fromDay, uint32 toDay) external view returns (uint256);

    /// @notice Share-days of all holders that are not excluded, over [fromDay, toDay). Equals the sum of `shareDays`
    /// over every address.
    function totalShareDays(uint32 fromDay, uint32 toDay) external view returns (uint256);

    /// @notice Shares of `holder`, excluded or not, at the end of `day`.
    function balanceAt(address holder, uint32 day) external view returns (uint256);

    /// @notice All shares in existence at the end of `day`, those of excluded holders included.
    function supplyAt(uint32 day) external view returns (uint256);

    /// @notice The holders that earn nothing; a constant.
    function excluded() external view returns (address[] memory);

    /// @notice Whether `holder` earns nothing and leaves the denominator; a constant.
    function isExcluded(address holder) external view returns (bool);

    /// @notice The current settlement day, counted since 1970-01-01 at `utcOffset`.
    function today() external view returns (uint32);

    /// @notice Seconds that the asset's clock is ahead of UTC; a constant.
    function utcOffset() external view returns (int32);
}
