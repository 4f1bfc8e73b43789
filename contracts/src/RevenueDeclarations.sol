// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {ExpiringPause} from "./base/ExpiringPause.sol";
import {Governed} from "./base/Governed.sol";
import {AnchoredLog} from "./declarations/AnchoredLog.sol";
import {MeteredEnergy} from "./declarations/MeteredEnergy.sol";
import {Schedule} from "./declarations/Schedule.sol";
import {SignerSets} from "./declarations/SignerSets.sol";
import {IMeterFigures} from "./interfaces/IMeterFigures.sol";
import {IRevenueDeclarations} from "./interfaces/IRevenueDeclarations.sol";

/// @title RevenueDeclarations
/// @notice The declared revenue of one asset over its anchored log; see {IRevenueDeclarations}.
contract RevenueDeclarations is IRevenueDeclarations, AnchoredLog, ExpiringPause, MeteredEnergy {
    /// @dev EIP-712 type hash; a test works it out by hand.
    bytes32 public constant REPORT_TYPEHASH = keccak256(
        "Report(uint16 schemaVersion,uint32 period,uint16 revision,uint32 signerSetVersion,uint32 logGeneration,"
        "uint64 logSize,uint32 registryIndex,bytes32 settlementRoot,uint64 exportWh,uint64 importWh,"
        "uint32 missingMeters,uint32 catchUpHours,uint128 gross,uint128 distributable,bytes32 tariffHash,"
        "bytes32 statementHash,bytes32 previousHash)"
    );

    uint16 public constant SCHEMA_VERSION = 2;
    uint32 public constant MAX_WINDOW = 30 days;
    /// @notice The shortest time to answer a dispute, where there is a challenge window at all.
    uint32 public constant MIN_RESOLVE_WINDOW = 1 hours;

    /// @dev The newest report of a period. Nothing may follow a Final one, so what is final and what is pending never stand
    /// side by side. `deadline` is never 0 once there is a report, so the second slot alone tells the state.
    struct Record {
        bytes32 reportHash;
        uint96 distributable;
        uint64 energyWh;
        uint40 deadline;
        uint16 revision;
        /// @dev The report itself is disputed.
        bool disputed;
        /// @dev Some revision of the period was disputed, and none can be again.
        bool disputeUsed;
    }

    /// @notice What this asset is called in the oracle's statements.
    bytes32 public immutable assetId;
    /// @inheritdoc IRevenueDeclarations
    uint32 public immutable challengeWindow;
    /// @inheritdoc IRevenueDeclarations
    uint32 public immutable resolveWindow;

    mapping(uint32 period => Record) private _records;

    /// @param signers The first signer set: 1 to 16 addresses, strictly rising.
    /// @param threshold How many of them must sign: more than half.
    /// @param authority The AccessManager of the asset.
    constructor(Terms memory terms, address[] memory signers, uint8 threshold, address authority)
        Governed(authority)
        EIP712("helioracle", "1")
        SignerSets(signers, threshold, terms.challengeWindow)
        Schedule(terms)
        MeteredEnergy(terms)
    {
        if (terms.challengeWindow > MAX_WINDOW) {
            revert WindowOutOfRange(terms.challengeWindow, 0, MAX_WINDOW);
        }
        uint32 least = terms.challengeWindow == 0 ? 0 : MIN_RESOLVE_WINDOW;
        if (terms.resolveWindow < least || terms.resolveWindow > MAX_WINDOW) {
            revert WindowOutOfRange(terms.resolveWindow, least, MAX_WINDOW);
        }
        assetId = terms.assetId;
        challengeWindow = terms.challengeWindow;
        resolveWindow = terms.resolveWindow;
    }

    /// @inheritdoc IRevenueDeclarations
    function declare(Report calldata report, bytes[] calldata signatures) external whenNotPaused {
        _requireWellFormed(report);
        Record memory last = _records[report.period];
        _requireNext(report, last);
        (uint32 fromDay, uint32 toDay) = _requireOver(report.period);
        _requireAnchored(report);
        (uint64 energyWh, uint64 totalWh) = _requireMetered(report, fromDay, toDay, last.disputed ? 0 : last.energyWh);
        bytes32 hash = hashReport(report);
        _requireSigned(_hashTypedDataV4(hash), signatures);

        uint40 deadline = uint40(block.timestamp + challengeWindow);
        energyTotalWh = totalWh;
        if (report.period >= declarationsEnd) declarationsEnd = report.period + 1;
        _records[report.period] =
            Record(hash, uint96(report.distributable), energyWh, deadline, report.revision, false, last.disputeUsed);
        _emitDeclared(report, hash, deadline);
    }

    /// @inheritdoc IRevenueDeclarations
    function dispute(uint32 period, bytes32 reportHash_, bytes32 reasonHash) external {
        (uint32 version,) = _setInForce();
        if (!isSigner[version][msg.sender]) revert SignerUnknown(msg.sender);
        _dispute(period, reportHash_, reasonHash);
    }

    /// @inheritdoc IRevenueDeclarations
    function guardianDispute(uint32 period, bytes32 reportHash_, bytes32 reasonHash) external restricted {
        _dispute(period, reportHash_, reasonHash);
    }

    /// @inheritdoc IRevenueDeclarations
    function attachDirect(IMeterFigures direct_) external restricted {
        _attachDirect(direct_);
    }

    /// @inheritdoc IRevenueDeclarations
    function declaration(uint32 period) external view returns (Declaration memory) {
        Record memory last = _records[period];
        return Declaration(
            _statusOf(last.deadline, last.disputed),
            last.reportHash,
            last.revision,
            last.deadline,
            last.distributable,
            last.energyWh
        );
    }

    /// @inheritdoc IRevenueDeclarations
    function status(uint32 period) public view returns (Status) {
        Record storage last = _records[period];
        return _statusOf(last.deadline, last.disputed);
    }

    /// @inheritdoc IRevenueDeclarations
    function rootAndStatus(uint64 logSize, uint32 period) external view returns (bytes32 root, Status state) {
        return (rootAt(logSize), status(period));
    }

    /// @inheritdoc IRevenueDeclarations
    function reportHash(uint32 period) external view returns (bytes32) {
        return _records[period].reportHash;
    }

    /// @inheritdoc IRevenueDeclarations
    function distributableOf(uint32 period) public view returns (uint96) {
        Record storage last = _records[period];
        return _statusOf(last.deadline, last.disputed) == Status.Final ? last.distributable : 0;
    }

    /// @inheritdoc IRevenueDeclarations
    function distributableSum(uint32 fromPeriod, uint32 toPeriod) external view returns (uint256 sum) {
        if (toPeriod > declarationsEnd) toPeriod = declarationsEnd;
        for (uint32 period = fromPeriod; period < toPeriod; ++period) {
            sum += distributableOf(period);
        }
    }

    /// @inheritdoc IRevenueDeclarations
    function hashReport(Report calldata report) public pure returns (bytes32) {
        // Every field fills one word, so the ABI encoding of the struct is its EIP-712 encoding.
        return keccak256(abi.encode(REPORT_TYPEHASH, report));
    }

    /// @inheritdoc IRevenueDeclarations
    function reportDigest(Report calldata report) external view returns (bytes32) {
        return _hashTypedDataV4(hashReport(report));
    }

    function _dispute(uint32 period, bytes32 reportHash_, bytes32 reasonHash) private {
        Record storage last = _records[period];
        Status state = _statusOf(last.deadline, last.disputed);
        if (state != Status.Pending) revert NotPending(period, state);
        if (reportHash_ != last.reportHash) revert ReportHashWrong(reportHash_, last.reportHash);
        if (last.disputeUsed) revert AlreadyDisputed(period);

        uint40 resolveBy = uint40(block.timestamp + resolveWindow);
        energyTotalWh -= last.energyWh;
        last.deadline = resolveBy;
        last.disputed = true;
        last.disputeUsed = true;
        emit Disputed(period, reportHash_, msg.sender, resolveBy, reasonHash);
    }

    function _requireWellFormed(Report calldata report) private view {
        if (report.schemaVersion != SCHEMA_VERSION) revert SchemaVersionWrong(report.schemaVersion, SCHEMA_VERSION);
        (uint32 version,) = _setInForce();
        if (report.signerSetVersion != version) revert SignerSetWrong(report.signerSetVersion, version);
        if (report.distributable > report.gross) revert DistributableAboveGross(report.distributable, report.gross);
        if (report.distributable > type(uint96).max) {
            revert AmountTooLarge(report.distributable, type(uint96).max);
        }
    }

    /// @dev The report is the first of its period, or the next revision of one that is not Final.
    function _requireNext(Report calldata report, Record memory last) private view {
        Status state = _statusOf(last.deadline, last.disputed);
        if (state == Status.Final) revert PeriodAlreadyDeclared(report.period, last.reportHash);
        uint256 due = state == Status.None ? 0 : uint256(last.revision) + 1;
        if (report.revision != due) revert RevisionWrong(report.revision, due);
        if (report.previousHash != last.reportHash) revert PreviousHashWrong(report.previousHash, last.reportHash);
    }

    /// @dev The log that the report names is the one this contract knows.
    function _requireAnchored(Report calldata report) private view {
        uint32 generation = _logGeneration();
        if (report.logGeneration != generation) revert LogGenerationWrong(report.logGeneration, generation);
        if (rootAt(report.logSize) == 0) revert LogSizeNotAnchored(report.logSize);
    }

    /// @dev Deadlines pass without a transaction: the state is what the record says, read at this moment.
    function _statusOf(uint40 deadline, bool disputed) private view returns (Status) {
        if (deadline == 0) return Status.None;
        bool passed = block.timestamp >= deadline;
        if (disputed) return passed ? Status.Void : Status.Disputed;
        return passed ? Status.Final : Status.Pending;
    }

    function _emitDeclared(Report calldata report, bytes32 hash, uint40 challengeEndsAt) private {
        emit Declared(
            report.period,
            report.revision,
            hash,
            report.logSize,
            report.exportWh,
            report.importWh,
            report.gross,
            report.distributable,
            report.settlementRoot,
            report.statementHash,
            challengeEndsAt
        );
    }

    /// @dev The pause brings the authority along, and {Governed} asks it.
    function _checkCanCall(address caller, bytes calldata data) internal override(AccessManaged, Governed) {
        super._checkCanCall(caller, data);
    }

    /// @dev A pause only slows; without it the holders are no worse off.
    function _mayAbdicate(bytes4 selector) internal pure override returns (bool) {
        return selector == ExpiringPause.pause.selector;
    }
}
