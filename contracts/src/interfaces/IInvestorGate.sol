// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who may hold shares of the asset, and be paid for them
/// @notice The gate decides who may *receive*: shares, or a payout. It never decides what somebody is *owed*. A holder
/// who loses the permission keeps every claim that grew until then and is paid once the permission returns.
///
/// This is the whole of what share and distributor ask of a gate, so an asset may bring its own. Such a gate says no with
/// `false`, for every address there is, at any time and within 100,000 gas: a gate that reverts, runs longer or answers
/// anything else hasn't refused but failed, and the distributor outlives it (see {IGateWatch}).
interface IInvestorGate {
    /// @notice `holder` was put on the list, or taken off it.
    event AllowedSet(address indexed holder, bool allowed);

    /// @notice More addresses in one call than the list takes at once.
    error TooManyHolders(uint256 got, uint256 most);
    /// @notice The zero address holds nothing and is paid nothing.
    error ZeroAddress();

    /// @notice Puts `holders` on the list, or takes them off it. Restricted: the compliance role.
    /// @param holders At most 256 addresses.
    function setAllowed(address[] calldata holders, bool allowed) external;

    /// @notice Whether `holder` may receive shares and payouts now.
    function isAllowed(address holder) external view returns (bool);
}
