// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Where a holder is paid, and whose payouts are frozen
/// @notice Neither changes what anybody is owed. A holder may be paid to another address, and both must pass the gate.
/// Compliance may freeze the payouts of a holder, whose money stays credit for as long as that lasts; once the power to
/// freeze is given up (see {Governed}), no freeze holds any more.
interface IRecipients {
    /// @notice `holder` is paid to `to` from now on; 0 means to itself.
    event PayoutAddressSet(address indexed holder, address indexed to);
    /// @notice The payouts of `holder` are frozen, or free again.
    event PayoutFrozenSet(address indexed holder, bool frozen);

    /// @notice Money sent here would belong to nobody.
    error PayoutAddressInvalid(address to);
    /// @notice The payouts of `holder` are frozen.
    error PayoutFrozen(address holder);
    /// @notice More holders in one call than it takes.
    error TooManyHolders(uint256 got, uint256 most);

    /// @notice Has the caller paid to `to`; 0 undoes it.
    function setPayoutAddress(address to) external;

    /// @notice Freezes the payouts of `holders`, or frees them. Restricted: the compliance role.
    /// @param holders At most 256.
    function setPayoutFrozen(address[] calldata holders, bool frozen) external;

    /// @notice Where `holder` is paid: itself unless it said otherwise.
    function payoutAddressOf(address holder) external view returns (address);

    /// @notice Whether the payouts of `holder` are frozen.
    function isPayoutFrozen(address holder) external view returns (bool);
}
