// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who speaks for the oracle
/// @notice A signer set is up to 16 addresses and a threshold k that is more than half of them, so that no two quorums are
/// strangers to each other. Sets are numbered from 1; a number is never used twice. A change is announced at least one
/// challenge window ahead, so that nobody's report is ever judged by signers that the holders could not see coming, and the
/// guardian may withdraw it until it takes effect. What counts is the set in force when a signature is submitted.
///
/// No signer may be a registrar: whoever says what the meters measured must not also say which meters count.
interface ISignerSets {
    /// @notice Set `version` takes effect at `effectiveAt`, unix seconds.
    event SignerSetAnnounced(uint32 indexed version, uint8 threshold, address[] signers, uint40 effectiveAt);
    /// @notice Set `version` will never take effect.
    event SignerSetWithdrawn(uint32 indexed version);

    /// @notice `signer` does not belong to the signer set in force.
    error SignerUnknown(address signer);
    /// @notice The signers of the signatures rise strictly, so that none counts twice.
    error SignersNotRising(address signer, address previous);
    /// @notice The signer set asks for at least `least` signatures.
    error SignaturesTooFew(uint256 got, uint256 least);

    /// @notice A signer set has 1 to `most` signers.
    error SignerCountOutOfRange(uint256 got, uint256 most);
    /// @notice The threshold is more than half of the signers and at most all of them.
    error ThresholdOutOfRange(uint256 threshold, uint256 signers);
    /// @notice A registrar can't be a signer.
    error SignerIsRegistrar(address signer);
    /// @notice A new set may take effect from `earliest` on, unix seconds.
    error SignerSetTooEarly(uint40 effectiveAt, uint256 earliest);
    /// @notice Set `version` is announced already; one at a time.
    error SignerSetAlreadyAnnounced(uint32 version, uint40 effectiveAt);
    /// @notice No signer set waits to take effect.
    error NoSignerSetAnnounced();

    /// @notice Announces the next signer set. Restricted: the signer admin role.
    /// @param signers 1 to 16 addresses, strictly rising; none holds the registrar role.
    /// @param threshold How many of them must sign: more than half.
    /// @param effectiveAt Unix seconds; at least one challenge window and one day ahead. Where the challenge window is 0
    /// (development) now will do.
    function announceSignerSet(address[] calldata signers, uint8 threshold, uint40 effectiveAt) external;

    /// @notice Withdraws the announced signer set before it takes effect. Restricted: the guardian role.
    function withdrawSignerSet() external;

    /// @notice The signer set in force.
    function signerSet() external view returns (uint32 version, uint8 threshold, address[] memory signers);

    /// @notice The signer set that waits to take effect. Reverts with NoSignerSetAnnounced if there is none.
    function announcedSignerSet()
        external
        view
        returns (uint32 version, uint8 threshold, address[] memory signers, uint40 effectiveAt);

    /// @notice Whether `account` belongs to the signer set `version`.
    function isSigner(uint32 version, address account) external view returns (bool);
}
