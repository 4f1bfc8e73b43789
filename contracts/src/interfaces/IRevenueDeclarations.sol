// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAnchoredLog} from "./IAnchoredLog.sol";
import {IMeterFigures} from "./IMeterFigures.sol";
import {IMeterRegistry} from "./IMeterRegistry.sol";
import {ISignerSets} from "./ISignerSets.sol";

/// @title What the asset earned, as its oracle says it, over a log that cannot be rewritten
/// @notice `declare` states what a payout period earned and cites an anchored log size, so that the inputs of the statement
/// are frozen before it is made. It carries EIP-712 signatures and may be sent by anybody: what counts is who signed.
///
/// A report waits out a challenge window before it is Final. While it is Pending any one signer of the set in force, or the
/// guardian, may dispute it, once per period; a dispute that is not resolved in time leaves the report Void. Whoever was
/// right, the answer has one form: the next revision, signed again by a quorum, with a challenge window of its own. *A Final
/// report never changes.* What turns out wrong later is an adjustment line in a later period.
///
/// Deadlines are stored when they are set and never read from a setting that could have changed since. They pass without a
/// transaction, and a pause doesn't move them.
///
///     None --declare--> Pending --window passes--> Final
///                          |  \--next revision--> Pending
///                       dispute
///                          v
///                       Disputed --window passes--> Void
///                          \--next revision--> Pending <--/
///
/// Two bounds hold the energy of a report to what is physically possible. Over its life the asset can't have delivered and
/// drawn more than its nameplate power in all the hours since the first day; and on the days of one period no more than a
/// stated number of full-load minutes a day, plus whatever hours of catching up the report names.
interface IRevenueDeclarations is IAnchoredLog, ISignerSets {
    /// @notice The state of a payout period.
    enum Status {
        None,
        Pending,
        Final,
        Disputed,
        Void
    }

    /// @notice What is fixed when the contract is created.
    /// @param assetId What this asset is called in the oracle's statements.
    /// @param registry The meters of the asset.
    /// @param firstDay First settlement day of period 0, counted since 1970-01-01 at `utcOffset`.
    /// @param daysPerPeriod Length of every period, 1 to 31 days.
    /// @param utcOffset Seconds that the asset's clock is ahead of UTC, -12 h to +14 h.
    /// @param challengeWindow Seconds from a declaration until it is Final, at most 30 days. 0 makes it Final at once: for
    /// development.
    /// @param resolveWindow Seconds from a dispute until the report is Void: at least an hour where there is a challenge
    /// window, at most 30 days.
    /// @param marginPermille How much of the theoretical energy is believed: 1000 (all of it) to 2000.
    /// @param profileMinutes The most minutes at full load that the asset makes on one day, 1 to 1440.
    struct Terms {
        bytes32 assetId;
        IMeterRegistry registry;
        uint32 firstDay;
        uint32 daysPerPeriod;
        int32 utcOffset;
        uint32 challengeWindow;
        uint32 resolveWindow;
        uint16 marginPermille;
        uint16 profileMinutes;
    }

    /// @param schemaVersion 2.
    /// @param period Index in the immutable schedule; see `periodDays`.
    /// @param revision 0 for the first report of a period, one more for each that replaces another.
    /// @param signerSetVersion The signer set that signed: the one in force.
    /// @param logGeneration Which log; 1 as long as no log was ever lost.
    /// @param logSize An anchored size: the inputs are the first `logSize` entries of the log.
    /// @param registryIndex The entry of the meter registry in force on the first day of the period.
    /// @param settlementRoot Root of the Merkle sum tree over the results of the points.
    /// @param exportWh Energy delivered, in watt-hours.
    /// @param importWh Energy drawn, in watt-hours.
    /// @param missingMeters Meters whose boundary readings are missing.
    /// @param catchUpHours Full-load hours of energy that was made in earlier periods and comes to light in this one.
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
        uint32 catchUpHours;
        uint128 gross;
        uint128 distributable;
        bytes32 tariffHash;
        bytes32 statementHash;
        bytes32 previousHash;
    }

    /// @notice The newest report of a period, as the contract keeps it.
    /// @param status Its state now.
    /// @param reportHash `hashReport` of it; 0 if there is none.
    /// @param revision Its revision.
    /// @param deadline When the report becomes or became Final, unix seconds; for a disputed one, when it becomes Void.
    /// @param distributable What the holders are to receive by the report, in base units, whatever the report's state.
    /// @param energyWh Energy delivered and drawn, added up, in watt-hours.
    struct Declaration {
        Status status;
        bytes32 reportHash;
        uint16 revision;
        uint40 deadline;
        uint96 distributable;
        uint64 energyWh;
    }

    /// @notice The report of `period` is declared. Amounts are base units of the payment token; it is Final from
    /// `challengeEndsAt` on, unix seconds, if nobody disputes it.
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
        bytes32 statementHash,
        uint40 challengeEndsAt
    );
    /// @notice The report is disputed; it is Void from `resolveBy` on, unix seconds, if no revision replaces it.
    event Disputed(
        uint32 indexed period, bytes32 indexed reportHash, address indexed by, uint40 resolveBy, bytes32 reasonHash
    );
    /// @notice From now on a report must repeat the figures of this settlement.
    event DirectAttached(IMeterFigures direct);

    /// @notice The report has a layout that this contract does not know.
    error SchemaVersionWrong(uint16 got, uint16 want);
    /// @notice Another revision is due.
    error RevisionWrong(uint16 got, uint256 want);
    /// @notice The report does not continue the previous revision.
    error PreviousHashWrong(bytes32 got, bytes32 want);
    /// @notice Another signer set is in force.
    error SignerSetWrong(uint32 got, uint32 want);
    /// @notice The report belongs to another log.
    error LogGenerationWrong(uint32 got, uint32 want);
    /// @notice `size` was never anchored.
    error LogSizeNotAnchored(uint64 size);
    /// @notice Another registry entry was in force when the period began.
    error RegistryIndexWrong(uint32 got, uint32 want);
    /// @notice The period ends at `endsAt` (unix seconds), which lies ahead of `now_`.
    error PeriodNotOver(uint32 period, uint256 endsAt, uint256 now_);
    /// @notice The period has its Final report, and that never changes.
    error PeriodAlreadyDeclared(uint32 period, bytes32 reportHash);
    /// @notice More would be distributed than was earned.
    error DistributableAboveGross(uint128 distributable, uint128 gross);
    /// @notice The amount does not fit its slot.
    error AmountTooLarge(uint128 amount, uint128 most);
    /// @notice More energy than the meters' nameplate can make in the days of the period and the catch-up that is named.
    error PeriodEnergyTooLarge(uint32 period, uint256 energyWh, uint256 mostWh);
    /// @notice More energy than the meters' nameplate can have made since the first day.
    error TotalEnergyTooLarge(uint256 totalWh, uint256 mostWh);
    /// @notice There were only `most` hours before the period that could be caught up with.
    error CatchUpTooLong(uint32 hours_, uint256 most);
    /// @notice The meters themselves said something else.
    error DirectFiguresDiffer(
        uint64 exportWh,
        uint64 importWh,
        uint32 missingMeters,
        uint64 settledExportWh,
        uint64 settledImportWh,
        uint32 settledMissingMeters
    );

    /// @notice The report of the period is not Pending.
    error NotPending(uint32 period, Status status);
    /// @notice The newest report of the period is another one.
    error ReportHashWrong(bytes32 got, bytes32 want);
    /// @notice A period is disputed once.
    error AlreadyDisputed(uint32 period);

    /// @notice The direct settlement stays the one it is.
    error DirectAlreadyAttached(IMeterFigures direct);
    /// @notice Something was declared already without it.
    error DirectTooLate(uint32 declarationsEnd);

    /// @notice A payout period is 1 to 31 days long.
    error PeriodLengthOutOfRange(uint32 days_, uint32 least, uint32 most);
    /// @notice The window, in seconds, is shorter or longer than it may be.
    error WindowOutOfRange(uint32 seconds_, uint32 least, uint32 most);
    /// @notice The margin lies outside what is believable.
    error MarginOutOfRange(uint16 permille, uint16 least, uint16 most);
    /// @notice A day has 1 to 1440 minutes at full load.
    error ProfileOutOfRange(uint16 minutes_, uint16 least, uint16 most);
    /// @notice The registry and the declarations cut their days at different moments.
    error RegistryOffsetWrong(int32 got, int32 want);
    /// @notice A contract that this one depends on is the zero address.
    error ZeroAddress();

    /// @notice States what a payout period earned. Not while paused.
    /// @param signatures EIP-712 signatures (65 bytes, r | s | v) over the report, sorted by their signers' addresses.
    function declare(Report calldata report, bytes[] calldata signatures) external;

    /// @notice Disputes the Pending report of `period`. By a signer of the set in force.
    /// @param reportHash_ Which report is meant: a revision sent at the same moment is another one.
    /// @param reasonHash SHA-256 of the document that says why.
    function dispute(uint32 period, bytes32 reportHash_, bytes32 reasonHash) external;

    /// @notice The same. Restricted: the guardian role.
    function guardianDispute(uint32 period, bytes32 reportHash_, bytes32 reasonHash) external;

    /// @notice Names the contract whose figures every report must repeat; once, before the first declaration. Restricted:
    /// the admin.
    function attachDirect(IMeterFigures direct_) external;

    /// @notice The newest report of `period` and its state; all zero if there is none.
    function declaration(uint32 period) external view returns (Declaration memory);

    /// @notice The state of `period`.
    function status(uint32 period) external view returns (Status);

    /// @notice `rootAt(logSize)` and `status(period)`. One question, because who settles a meter needs both every time.
    function rootAndStatus(uint64 logSize, uint32 period) external view returns (bytes32 root, Status state);

    /// @notice `hashReport` of the newest report of `period`, whatever its state; 0 if there is none.
    function reportHash(uint32 period) external view returns (bytes32);

    /// @notice What the Final report of `period` lets be distributed, in base units; 0 as long as there is none.
    function distributableOf(uint32 period) external view returns (uint96);

    /// @notice Sum of `distributableOf` over the periods [fromPeriod, toPeriod). Its gas grows with their number.
    function distributableSum(uint32 fromPeriod, uint32 toPeriod) external view returns (uint256);

    /// @notice One more than the highest period that was ever declared; 0 before the first declaration.
    function declarationsEnd() external view returns (uint32);

    /// @notice Energy of all reports that stand (Pending or Final), delivered and drawn, in watt-hours.
    function energyTotalWh() external view returns (uint64);

    /// @notice The direct settlement whose figures a report must repeat; the zero address if there is none.
    function direct() external view returns (IMeterFigures);

    /// @notice The settlement days of `period`, as [fromDay, toDay).
    function periodDays(uint32 period) external view returns (uint32 fromDay, uint32 toDay);

    /// @notice The first settlement day of period 0.
    function firstDay() external view returns (uint32);

    /// @notice Length of every period, in settlement days.
    function daysPerPeriod() external view returns (uint32);

    /// @notice Seconds that the asset's clock is ahead of UTC; a constant.
    function utcOffset() external view returns (int32);

    /// @notice Seconds from a declaration until it is Final.
    function challengeWindow() external view returns (uint32);

    /// @notice Seconds from a dispute until the report is Void.
    function resolveWindow() external view returns (uint32);

    /// @notice EIP-712 struct hash of a report: what `previousHash` and `reportHash` hold.
    function hashReport(Report calldata report) external pure returns (bytes32);

    /// @notice The EIP-712 digest that the signers of a report sign.
    function reportDigest(Report calldata report) external view returns (bytes32);
}
