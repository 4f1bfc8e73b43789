// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What the asset earned, as its oracle says it, over a log that cannot be rewritten
/// @notice Two acts. `anchor` puts the size and the root of the oracle's log on chain, and is accepted only with a proof
/// that everything anchored before is still there, unchanged. `declare` states what a payout period earned and cites an
/// anchored log size, so that the inputs of the statement are frozen before it is made.
///
/// Both carry EIP-712 signatures and may be sent by anybody: what counts is who signed.
///
/// In this version the signer set is one signer, and a declared report is Final at once. Challenge windows, revisions and
/// larger sets fill the fields that are already here (revision, previousHash, signerSetVersion, logGeneration).
interface IRevenueDeclarations {
    /// @notice The state of a payout period. `Pending`, `Disputed` and `Void` belong to the challenge window.
    enum Status {
        None,
        Pending,
        Final,
        Disputed,
        Void
    }

    /// @param schemaVersion 1.
    /// @param period Index in the immutable schedule; see `periodDays`.
    /// @param revision 0.
    /// @param signerSetVersion The signer set that signed; 1.
    /// @param logGeneration Which log; 1 as long as no log was ever lost.
    /// @param logSize An anchored size: the inputs are the first `logSize` entries of the log.
    /// @param registryIndex The entry of the meter registry in force on the first day of the period.
    /// @param settlementRoot Root of the Merkle sum tree over the results of the points.
    /// @param exportWh Energy delivered, in watt-hours.
    /// @param importWh Energy drawn, in watt-hours.
    /// @param missingMeters Meters whose boundary readings are missing.
    /// @param gross Revenue before the waterfall, in base units of the payment token.
    /// @param distributable What the holders are to receive, in base units of the payment token.
    /// @param tariffHash SHA-256 of the tariff document.
    /// @param statementHash SHA-256 of the canonical statement.
    /// @param previousHash `hashReport` of the revision this one replaces; 0 for revision 0.
    struct Report {
        uint16 schemaVersion;
        uint32 period;
        uint16 revision;
        uint32 signerSetVersion;
        uint32 logGeneration;
        uint64 logSize;
        uint32 registryIndex;
        bytes32 settlementRoot;
        uint64 exportWh;
        uint64 importWh;
        uint32 missingMeters;
        uint128 gross;
        uint128 distributable;
        bytes32 tariffHash;
        bytes32 statementHash;
        bytes32 previousHash;
    }

    /// @notice The log `generation` had this `root` at this `size`.
    event Anchored(uint32 indexed generation, uint64 indexed size, bytes32 root);

    /// @notice The report of `period` is declared. Amounts are base units of the payment token.
    event Declared(
        uint32 indexed period,
        uint16 revision,
        bytes32 indexed reportHash,
        uint64 logSize,
        uint64 exportWh,
        uint64 importWh,
        uint128 gross,
        uint128 distributable,
        bytes32 settlementRoot,
        bytes32 statementHash
    );

    /// @notice `signer` does not belong to the signer set.
    error SignerUnknown(address signer);
    /// @notice The signer set asks for another number of signatures.
    error SignatureCountWrong(uint256 got, uint256 want);

    /// @notice A log without entries is not anchored.
    error LogEmpty();
    /// @notice A log never gets shorter.
    error LogShrank(uint64 size, uint64 headSize);
    /// @notice The first anchor leads from the empty log; there is nothing that a proof could show.
    error FirstAnchorNeedsNoProof(uint256 proofLength);
    /// @notice `size` was never anchored.
    error LogSizeNotAnchored(uint64 size);
    /// @notice The report belongs to another log.
    error LogGenerationWrong(uint32 got, uint32 want);

    /// @notice The report has a layout that this contract does not know.
    error SchemaVersionWrong(uint16 got, uint16 want);
    /// @notice Another revision is due.
    error RevisionWrong(uint16 got, uint16 want);
    /// @notice The report does not continue the previous revision.
    error PreviousHashWrong(bytes32 got, bytes32 want);
    /// @notice Another signer set is in force.
    error SignerSetWrong(uint32 got, uint32 want);
    /// @notice Another registry entry was in force when the period began.
    error RegistryIndexWrong(uint32 got, uint32 want);
    /// @notice The period ends at `endsAt` (unix seconds), which lies ahead of `now_`.
    error PeriodNotOver(uint32 period, uint256 endsAt, uint256 now_);
    /// @notice The period has its report; a Final report never changes.
    error PeriodAlreadyDeclared(uint32 period, bytes32 reportHash);
    /// @notice More would be distributed than was earned.
    error DistributableAboveGross(uint128 distributable, uint128 gross);

    /// @notice A payout period is 1 to 31 days long.
    error PeriodLengthOutOfRange(uint32 days_, uint32 least, uint32 most);
    /// @notice A contract or signer that this one depends on is the zero address.
    error ZeroAddress();

    /// @notice Puts the head of the log on chain.
    /// @dev The same size and root again, with an empty proof, is accepted and says "still here". The first anchor leads
    /// from the empty log and needs no proof.
    /// @param logSize Number of entries, never below the size anchored last.
    /// @param logRoot RFC 9162 SHA-256 root at that size.
    /// @param proof RFC 9162 consistency proof from the size anchored last.
    /// @param signatures EIP-712 signatures (65 bytes, r | s | v) over Anchor(logGeneration, logSize, logRoot).
    function anchor(uint64 logSize, bytes32 logRoot, bytes32[] calldata proof, bytes[] calldata signatures) external;

    /// @notice States what a payout period earned.
    /// @param signatures EIP-712 signatures (65 bytes, r | s | v) over the report.
    function declare(Report calldata report, bytes[] calldata signatures) external;

    /// @notice The newest anchored head. Before the first anchor: size 0 and the root of the empty log.
    function head() external view returns (uint32 generation, uint64 size, bytes32 root);

    /// @notice The root anchored at `size`; 0 if that size was never anchored.
    function rootAt(uint64 size) external view returns (bytes32);

    /// @notice The state of `period`.
    function status(uint32 period) external view returns (Status);

    /// @notice `hashReport` of the period's Final report; 0 if there is none.
    function reportHash(uint32 period) external view returns (bytes32);

    /// @notice What the Final report of `period` lets be distributed, in base units; 0 if there is none.
    function distributableOf(uint32 period) external view returns (uint128);

    /// @notice Sum of `distributableOf` over all periods.
    function totalDistributable() external view returns (uint256);

    /// @notice The settlement days of `period`, as [fromDay, toDay).
    function periodDays(uint32 period) external view returns (uint32 fromDay, uint32 toDay);

    /// @notice The first settlement day of period 0.
    function firstDay() external view returns (uint32);

    /// @notice Length of every period, in settlement days.
    function daysPerPeriod() external view returns (uint32);

    /// @notice Seconds that the asset's clock is ahead of UTC; a constant.
    function utcOffset() external view returns (int32);

    /// @notice The signer set in force.
    function signerSet() external view returns (uint32 version, uint8 threshold, address[] memory signers);

    /// @notice EIP-712 struct hash of a report: what `previousHash` and `reportHash` hold.
    function hashReport(Report calldata report) external pure returns (bytes32);

    /// @notice The EIP-712 digest that the signers of a report sign.
    function reportDigest(Report calldata report) external view returns (bytes32);

    /// @notice The EIP-712 digest that the signers of an anchor sign.
    function anchorDigest(uint32 logGeneration, uint64 logSize, bytes32 logRoot) external view returns (bytes32);
}
