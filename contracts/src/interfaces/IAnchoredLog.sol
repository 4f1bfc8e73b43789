// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A log that cannot be rewritten
/// @notice `anchor` puts the size and the root of the oracle's log on chain, and is accepted only with a proof that
/// everything anchored before is still there, unchanged. Roots stay readable by size for ever, whatever becomes of the
/// reports that cite them. Anchoring is never paused.
///
/// A log that was lost can't be continued, because nobody can prove anything about it. Then a new *generation* begins, from
/// a head that is announced at least 14 days ahead, may be cancelled by the guardian, and needs the signers too: it is the
/// one act that leaves entries behind, so it is slow and visible. The delay is in this contract, so that no setting of a
/// role can shorten it.
///
/// Both acts carry EIP-712 signatures and may be sent by anybody: what counts is who signed.
interface IAnchoredLog {
    /// @notice The log `generation` had this `root` at this `size`.
    event Anchored(uint32 indexed generation, uint64 indexed size, bytes32 root);
    /// @notice The log may begin anew with this head between `readyAt` and `expiresAt`, unix seconds.
    event RestartAnnounced(uint64 size, bytes32 root, uint40 readyAt, uint40 expiresAt, bytes32 reasonHash);
    /// @notice The announced restart will not happen.
    event RestartCancelled(uint64 size, bytes32 root);
    /// @notice The log `generation` begins with this head; the head of the one before it, which is lost, was `lostSize` and
    /// `lostRoot`.
    event LogRestarted(uint32 indexed generation, uint64 size, bytes32 root, uint64 lostSize, bytes32 lostRoot);

    /// @notice A log without entries is not anchored.
    error LogEmpty();
    /// @notice A log never gets shorter.
    error LogShrank(uint64 size, uint64 headSize);
    /// @notice The first anchor leads from the empty log; there is nothing that a proof could show.
    error FirstAnchorNeedsNoProof(uint256 proofLength);
    /// @notice No restart is announced.
    error NoRestartAnnounced();
    /// @notice A restart is announced already, until `expiresAt`, unix seconds; one at a time.
    error RestartAlreadyAnnounced(uint40 expiresAt);
    /// @notice The restart may happen from `readyAt` on, unix seconds.
    error RestartNotReady(uint40 readyAt);
    /// @notice The restart could happen until `expiresAt`, unix seconds.
    error RestartExpired(uint40 expiresAt);
    /// @notice Another head was announced.
    error RestartHeadWrong(uint64 size, bytes32 root, uint64 announcedSize, bytes32 announcedRoot);

    /// @notice Puts the head of the log on chain.
    /// @dev The same size and root again, with an empty proof, is accepted and says "still here". The first anchor leads
    /// from the empty log and needs no proof.
    /// @param logSize Number of entries, never below the size anchored last.
    /// @param logRoot RFC 9162 SHA-256 root at that size.
    /// @param proof RFC 9162 consistency proof from the size anchored last.
    /// @param signatures EIP-712 signatures (65 bytes, r | s | v) over Anchor(logGeneration, logSize, logRoot), sorted by
    /// their signers' addresses.
    function anchor(uint64 logSize, bytes32 logRoot, bytes32[] calldata proof, bytes[] calldata signatures) external;

    /// @notice Announces that the log is lost and begins anew with this head. Restricted: the restarter role.
    /// @param reasonHash SHA-256 of the document that says what happened.
    function announceRestart(uint64 logSize, bytes32 logRoot, bytes32 reasonHash) external;

    /// @notice Cancels the announced restart. Restricted: the guardian role.
    function cancelRestart() external;

    /// @notice Begins the next generation of the log with the head that was announced.
    /// @param signatures EIP-712 signatures (65 bytes, r | s | v) over Restart(logGeneration, logSize, logRoot, lostSize,
    /// lostRoot), sorted by their signers' addresses: the generation that begins, its head, and the head it replaces.
    function restartLog(uint64 logSize, bytes32 logRoot, bytes[] calldata signatures) external;

    /// @notice The newest anchored head. Before the first anchor: size 0 and the root of the empty log.
    function head() external view returns (uint32 generation, uint64 size, bytes32 root);

    /// @notice The root of the current generation anchored at `size`; 0 if that size was never anchored.
    function rootAt(uint64 size) external view returns (bytes32);

    /// @notice The root of any generation, counted from 1, anchored at `size`; 0 if that size was never anchored.
    function rootOf(uint32 generation, uint64 size) external view returns (bytes32);

    /// @notice The announced restart; all zero if there is none. It may happen in [readyAt, expiresAt), unix seconds.
    function announcedRestart() external view returns (uint64 size, bytes32 root, uint40 readyAt, uint40 expiresAt);

    /// @notice The EIP-712 digest that the signers of an anchor sign.
    function anchorDigest(uint32 logGeneration, uint64 logSize, bytes32 logRoot) external view returns (bytes32);

    /// @notice The EIP-712 digest that the signers of a restart sign.
    function restartDigest(uint32 logGeneration, uint64 logSize, bytes32 logRoot, uint64 lostSize, bytes32 lostRoot)
        external
        view
        returns (bytes32);
}
