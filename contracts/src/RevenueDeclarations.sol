// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IMeterRegistry} from "./interfaces/IMeterRegistry.sol";
import {IRevenueDeclarations} from "./interfaces/IRevenueDeclarations.sol";
import {Rfc9162} from "./lib/Rfc9162.sol";
import {SettlementDay} from "./lib/SettlementDay.sol";

/// @title RevenueDeclarations
/// @notice The anchored log and the declared revenue of one asset; see {IRevenueDeclarations}.
/// @dev Nothing is restricted by role yet: signatures authorise both acts. The authority is here because the guardian's
/// and the signer set's functions join this contract, not another one.
contract RevenueDeclarations is IRevenueDeclarations, AccessManaged, EIP712 {
    using SafeCast for uint256;

    /// @dev EIP-712 type hashes; a test works them out by hand.
    bytes32 public constant ANCHOR_TYPEHASH = keccak256("Anchor(uint32 logGeneration,uint64 logSize,bytes32 logRoot)");
    bytes32 public constant REPORT_TYPEHASH = keccak256(
        "Report(uint16 schemaVersion,uint32 period,uint16 revision,uint32 signerSetVersion,uint32 logGeneration,"
        "uint64 logSize,uint32 registryIndex,bytes32 settlementRoot,uint64 exportWh,uint64 importWh,"
        "uint32 missingMeters,uint128 gross,uint128 distributable,bytes32 tariffHash,bytes32 statementHash,"
        "bytes32 previousHash)"
    );

    uint16 public constant SCHEMA_VERSION = 1;
    uint32 public constant SIGNER_SET_VERSION = 1;
    uint32 public constant LOG_GENERATION = 1;
    uint32 public constant MIN_DAYS_PER_PERIOD = 1;
    uint32 public constant MAX_DAYS_PER_PERIOD = 31;

    struct Declaration {
        bytes32 reportHash;
        uint128 distributable;
    }

    /// @notice What this asset is called in the oracle's statements.
    bytes32 public immutable assetId;
    IMeterRegistry public immutable registry;
    /// @inheritdoc IRevenueDeclarations
    uint32 public immutable firstDay;
    /// @inheritdoc IRevenueDeclarations
    uint32 public immutable daysPerPeriod;
    /// @inheritdoc IRevenueDeclarations
    int32 public immutable utcOffset;
    address private immutable _signer;

    uint64 private _headSize;
    /// @dev Every root ever anchored stays readable by its size.
    mapping(uint64 size => bytes32 root) private _rootAt;
    mapping(uint32 period => Declaration) private _final;
    /// @inheritdoc IRevenueDeclarations
    uint256 public totalDistributable;

    /// @param firstDay_ First settlement day of period 0, counted since 1970-01-01 at `utcOffset_`.
    /// @param daysPerPeriod_ 1 to 31.
    /// @param utcOffset_ Seconds that the asset's clock is ahead of UTC, -12 h to +14 h.
    /// @param signer The oracle's key.
    /// @param authority The AccessManager of the asset.
    constructor(
        bytes32 assetId_,
        IMeterRegistry registry_,
        uint32 firstDay_,
        uint32 daysPerPeriod_,
        int32 utcOffset_,
        address signer,
        address authority
    ) AccessManaged(authority) EIP712("helioracle", "1") {
        if (address(registry_) == address(0) || signer == address(0)) revert ZeroAddress();
        if (daysPerPeriod_ < MIN_DAYS_PER_PERIOD || daysPerPeriod_ > MAX_DAYS_PER_PERIOD) {
            revert PeriodLengthOutOfRange(daysPerPeriod_, MIN_DAYS_PER_PERIOD, MAX_DAYS_PER_PERIOD);
        }
        SettlementDay.requireOffset(utcOffset_);
        assetId = assetId_;
        registry = registry_;
        firstDay = firstDay_;
        daysPerPeriod = daysPerPeriod_;
        utcOffset = utcOffset_;
        _signer = signer;
    }

    /// @inheritdoc IRevenueDeclarations
    function anchor(uint64 logSize, bytes32 logRoot, bytes32[] calldata proof, bytes[] calldata signatures) external {
        if (logSize == 0) revert LogEmpty();
        (, uint64 headSize, bytes32 headRoot) = head();
        if (logSize < headSize) revert LogShrank(logSize, headSize);
        _requireSigned(anchorDigest(LOG_GENERATION, logSize, logRoot), signatures);
        if (headSize == 0) {
            if (proof.length != 0) revert FirstAnchorNeedsNoProof(proof.length);
        } else {
            Rfc9162.verifyConsistency(headSize, headRoot, logSize, logRoot, proof);
        }

        if (logSize != headSize) {
            _headSize = logSize;
            _rootAt[logSize] = logRoot;
        }
        emit Anchored(LOG_GENERATION, logSize, logRoot);
    }

    /// @inheritdoc IRevenueDeclarations
    function declare(Report calldata report, bytes[] calldata signatures) external {
        _requireWellFormed(report);
        _requireOpen(report.period);
        _requireInputs(report);
        _requireSigned(reportDigest(report), signatures);

        bytes32 hash = hashReport(report);
        _final[report.period] = Declaration(hash, report.distributable);
        totalDistributable += report.distributable;
        _emitDeclared(report, hash);
    }

    /// @inheritdoc IRevenueDeclarations
    function head() public view returns (uint32 generation, uint64 size, bytes32 root) {
        size = _headSize;
        return (LOG_GENERATION, size, size == 0 ? Rfc9162.EMPTY_ROOT : _rootAt[size]);
    }

    /// @inheritdoc IRevenueDeclarations
    function rootAt(uint64 size) external view returns (bytes32) {
        return _rootAt[size];
    }

    /// @inheritdoc IRevenueDeclarations
    function status(uint32 period) external view returns (Status) {
        return _final[period].reportHash == 0 ? Status.None : Status.Final;
    }

    /// @inheritdoc IRevenueDeclarations
    function reportHash(uint32 period) external view returns (bytes32) {
        return _final[period].reportHash;
    }

    /// @inheritdoc IRevenueDeclarations
    function distributableOf(uint32 period) external view returns (uint128) {
        return _final[period].distributable;
    }

    /// @inheritdoc IRevenueDeclarations
    function periodDays(uint32 period) public view returns (uint32 fromDay, uint32 toDay) {
        uint256 from = firstDay + uint256(period) * daysPerPeriod;
        return (from.toUint32(), (from + daysPerPeriod).toUint32());
    }

    /// @inheritdoc IRevenueDeclarations
    function signerSet() external view returns (uint32 version, uint8 threshold, address[] memory signers) {
        signers = new address[](1);
        signers[0] = _signer;
        return (SIGNER_SET_VERSION, 1, signers);
    }

    /// @inheritdoc IRevenueDeclarations
    function hashReport(Report calldata report) public pure returns (bytes32) {
        // Every field fills one word, so the ABI encoding of the struct is its EIP-712 encoding.
        return keccak256(abi.encode(REPORT_TYPEHASH, report));
    }

    /// @inheritdoc IRevenueDeclarations
    function reportDigest(Report calldata report) public view returns (bytes32) {
        return _hashTypedDataV4(hashReport(report));
    }

    /// @inheritdoc IRevenueDeclarations
    function anchorDigest(uint32 logGeneration, uint64 logSize, bytes32 logRoot) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ANCHOR_TYPEHASH, logGeneration, logSize, logRoot)));
    }

    function _requireWellFormed(Report calldata report) private pure {
        if (report.schemaVersion != SCHEMA_VERSION) revert SchemaVersionWrong(report.schemaVersion, SCHEMA_VERSION);
        if (report.revision != 0) revert RevisionWrong(report.revision, 0);
        if (report.previousHash != 0) revert PreviousHashWrong(report.previousHash, 0);
        if (report.signerSetVersion != SIGNER_SET_VERSION) {
            revert SignerSetWrong(report.signerSetVersion, SIGNER_SET_VERSION);
        }
        if (report.distributable > report.gross) revert DistributableAboveGross(report.distributable, report.gross);
    }

    /// @dev The period is over and has no report.
    function _requireOpen(uint32 period) private view {
        bytes32 declared = _final[period].reportHash;
        if (declared != 0) revert PeriodAlreadyDeclared(period, declared);
        (, uint32 toDay) = periodDays(period);
        uint256 endsAt = SettlementDay.startOf(toDay, utcOffset);
        if (block.timestamp < endsAt) revert PeriodNotOver(period, endsAt, block.timestamp);
    }

    /// @dev The log and the meters that the report names are the ones this contract knows.
    function _requireInputs(Report calldata report) private view {
        if (report.logGeneration != LOG_GENERATION) revert LogGenerationWrong(report.logGeneration, LOG_GENERATION);
        if (_rootAt[report.logSize] == 0) revert LogSizeNotAnchored(report.logSize);
        (uint32 fromDay,) = periodDays(report.period);
        uint32 inForce = registry.indexAt(fromDay);
        if (report.registryIndex != inForce) revert RegistryIndexWrong(report.registryIndex, inForce);
    }

    function _requireSigned(bytes32 digest, bytes[] calldata signatures) private view {
        if (signatures.length != 1) revert SignatureCountWrong(signatures.length, 1);
        address signer = ECDSA.recover(digest, signatures[0]);
        if (signer != _signer) revert SignerUnknown(signer);
    }

    function _emitDeclared(Report calldata report, bytes32 hash) private {
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
            report.statementHash
        );
    }
}
