// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IInvestorGate} from "./IInvestorGate.sol";

/// @title A gate that may refuse a payment, but not by falling silent
/// @notice The gate is the one part of an asset that can be replaced, so it is also the one that a payment must survive. A
/// gate *refuses* when it answers "no". It *fails* when it reverts, needs more than `GATE_GAS`, or answers anything that
/// is neither yes nor no. While the gate fails for a holder, that holder isn't paid, because the gate's answer is
/// unknown. Once the gate has failed for `GATE_GRACE` without being seen to answer, the holder is paid without it.
///
/// A failure counts for one holder and one gate. Anybody may note it with `noteGate`; it is forgotten as soon as the gate
/// is seen to answer for that holder, or is replaced. A noted failure never overrides a payout freeze.
interface IGateWatch {
    /// @notice `newGate` is asked from now on.
    event GateSet(address indexed oldGate, address indexed newGate);
    /// @notice The gate fails for `holder`. Unless it is seen to answer, `holder` is paid without the gate from
    /// `graceEndsAt` on, unix seconds.
    event GateFailureNoted(address indexed holder, uint40 graceEndsAt);
    /// @notice The gate answers for `holder` again.
    event GateAnswerNoted(address indexed holder);

    /// @notice There is no contract at `account`.
    error NoContract(address account);
    /// @notice This gate is the one in force.
    error GateUnchanged(address gate);
    /// @notice The gate does not allow `holder` to be paid.
    error HolderNotAllowed(address holder);
    /// @notice The gate fails for `holder`, who is paid without the gate from `graceEndsAt` on, unix seconds; 0 as long as
    /// nobody called `noteGate`.
    error GateFails(address holder, uint40 graceEndsAt);
    /// @notice With so little gas a failure of the gate or of the payment token would prove nothing.
    error GasTooLow(uint256 gas, uint256 least);

    /// @notice Replaces the gate. Restricted: the admin, whose acts wait.
    function setGate(IInvestorGate newGate) external;

    /// @notice Asks the gate about `holder` and notes whether it fails. Anybody may.
    function noteGate(address holder) external;

    /// @notice Who may be paid.
    function gate() external view returns (IInvestorGate);

    /// @notice When the failure noted for `holder` opens the way past the gate, unix seconds; 0 if none is noted.
    function gateGraceEndsAt(address holder) external view returns (uint40);
}
