// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IDirectSettlement} from "./interfaces/IDirectSettlement.sol";
import {IMeterFigures} from "./interfaces/IMeterFigures.sol";
import {IMeterRegistry} from "./interfaces/IMeterRegistry.sol";
import {IRevenueDeclarations} from "./interfaces/IRevenueDeclarations.sol";
import {LogEntry} from "./lib/LogEntry.sol";
import {MeterBinding} from "./lib/MeterBinding.sol";
import {MeterHeader} from "./lib/MeterHeader.sol";
import {Rfc9162} from "./lib/Rfc9162.sol";
import {SettlementDay} from "./lib/SettlementDay.sol";

/// @title DirectSettlement
/// @notice Energy of one asset, reckoned on chain from signed registers; see {IDirectSettlement}.
/// @dev A contract of its own, because P-256 in Solidity, for chains without the precompile of EIP-7951, is large.
contract DirectSettlement is IDirectSettlement {
    using SafeCast for uint256;

    /// @dev One slot. `registryIndex` and `meterCount` are of the entry in force on the period's first day, which the
    /// registry can't change any more; they are set with the first meter.
    struct Period {
        uint64 exportWh;
        uint64 importWh;
        uint32 settledMeters;
        uint32 registryIndex;
        uint32 meterCount;
    }

    /// @dev What is needed of a registry entry. The registry only appends, so an entry is asked for once and kept: a read
    /// of our own costs a quarter.
    struct Bindings {
        bytes32 root;
        uint32 count;
    }

    uint32 public constant MAX_TOLERANCE = 15 minutes;
    /// @dev A meter may show a tenth more than its nameplate.
    uint256 private constant MARGIN_TENTHS = 11;
    uint256 private constant HALF_ORDER = P256.N / 2;

    /// @notice The asset's name, padded with zeros, as bindings carry it.
    bytes32 public immutable assetId;
    IRevenueDeclarations public immutable declarations;
    IMeterRegistry public immutable registry;
    /// @notice How long after a boundary a reading counts for it, in seconds.
    uint32 public immutable tolerance;
    uint32 private immutable _firstDay;
    uint32 private immutable _daysPerPeriod;
    /// @dev When period 0 begins and how long a period is, in seconds: the schedule once more, for less arithmetic.
    uint256 private immutable _firstStart;
    uint256 private immutable _periodSeconds;

    mapping(bytes32 bindingHash => Register) private _registers;
    mapping(uint32 period => Period) private _periods;
    mapping(uint32 registryIndex => Bindings) private _bindings;

    /// @param declarations_ Whose log holds the headers, and whose schedule the periods follow.
    /// @param registry_ Holds the bindings.
    /// @param assetId_ The asset's name, padded with zeros, as bindings carry it.
    /// @param tolerance_ How long after a boundary a reading counts for it, in seconds, 1 to 900; half the poll interval.
    constructor(IRevenueDeclarations declarations_, IMeterRegistry registry_, bytes32 assetId_, uint32 tolerance_) {
        if (address(declarations_) == address(0) || address(registry_) == address(0)) revert DependencyMissing();
        if (tolerance_ == 0 || tolerance_ > MAX_TOLERANCE) revert ToleranceOutOfRange(tolerance_, MAX_TOLERANCE);
        declarations = declarations_;
        registry = registry_;
        assetId = assetId_;
        tolerance = tolerance_;
        _firstDay = declarations_.firstDay();
        _daysPerPeriod = declarations_.daysPerPeriod();
        _firstStart = SettlementDay.startOf(_firstDay, declarations_.utcOffset());
        _periodSeconds = uint256(_daysPerPeriod) * 1 days;
    }

    /// @inheritdoc IDirectSettlement
    function settle(uint32 boundary, LoggedHeader calldata logged, RegisteredBinding calldata registered) external {
        MeterHeader.Opened memory header = MeterHeader.open(logged.content);
        MeterBinding.Opened memory binding = MeterBinding.open(registered.record, assetId);
        _requireAtBoundary(boundary, header.closedAt);
        _requireMeasured(header);
        _requireBound(header, binding);
        Register memory before = _registers[binding.bindingHash];
        // A known binding closes a period and must have counted when that began; a new one must count in the next.
        uint32 period = before.isOpen ? _closedBy(boundary, before) : boundary;
        (bytes32 root, IRevenueDeclarations.Status status) = declarations.rootAndStatus(logged.logSize, period);
        _requireLogged(logged, root);
        _requireSigned(header.digest, logged.content, binding);
        Period memory figures_ = _period(period);
        _requireRegistered(registered, figures_);
        if (before.isOpen && before.epoch == header.epoch) {
            _requireUnreported(period, status);
            _add(period, figures_, before, header, binding);
        } else {
            _requireOpening(header, before);
            emit MeterOpened(binding.bindingHash, boundary, header.epoch, header.exportWh, header.importWh);
        }
        _registers[binding.bindingHash] = Register(header.exportWh, header.importWh, header.epoch, boundary, true);
    }

    /// @inheritdoc IMeterFigures
    function figures(uint32 period) external view returns (uint64 exportWh, uint64 importWh, uint32 missingMeters) {
        Period memory found = _period(period);
        return (found.exportWh, found.importWh, found.meterCount - found.settledMeters);
    }

    /// @inheritdoc IDirectSettlement
    function registerOf(bytes32 bindingHash) external view returns (Register memory) {
        return _registers[bindingHash];
    }

    /// @inheritdoc IDirectSettlement
    function boundaryAt(uint32 boundary) public view returns (uint256) {
        return _firstStart + boundary * _periodSeconds;
    }

    // ---- what a header must be

    /// @dev The last reading is the first one since the boundary, give or take nothing but the tolerance.
    function _requireAtBoundary(uint32 boundary, uint256 closedAt) private view {
        uint256 startsAt = boundaryAt(boundary);
        if (block.timestamp < startsAt) revert BoundaryNotReached(boundary, startsAt, block.timestamp);
        if (closedAt < startsAt || closedAt > startsAt + tolerance) {
            revert HeaderNotAtBoundary(closedAt, startsAt, startsAt + tolerance);
        }
    }

    /// @dev The last reading was taken at a known time, without doubt, and each register that the meter has was read.
    function _requireMeasured(MeterHeader.Opened memory header) private pure {
        uint256 status = header.status;
        if (status & MeterHeader.CLOCK_SYNCHRONISED == 0) revert ClockNotSynchronised(header.status);
        bool exportRead = status & MeterHeader.EXPORT_VALID != 0;
        bool importRead = status & MeterHeader.IMPORT_VALID != 0;
        if (
            !(exportRead || importRead) || (!exportRead && header.exportWh != MeterHeader.ABSENT)
                || (!importRead && header.importWh != MeterHeader.ABSENT)
        ) revert RegisterNotMeasured(header.status);
        // FELL alone is left to the comparison with the stored register: an honest wrap looks like that to a gateway.
        if (status & MeterHeader.SUSPECT != 0 && status & MeterHeader.REASONS != MeterHeader.FELL) {
            revert ReadingSuspect(header.status);
        }
    }

    /// @dev The binding speaks for this meter at this time.
    function _requireBound(MeterHeader.Opened memory header, MeterBinding.Opened memory binding) private pure {
        if (header.meterId != binding.meterId) revert MeterDiffers(header.meterId, binding.meterId);
        if (header.closedAt < binding.validFrom) revert BindingNotYetValid(header.closedAt, binding.validFrom);
    }

    /// @dev `root` is what the declarations anchored at the size that `logged` names.
    function _requireLogged(LoggedHeader calldata logged, bytes32 root) private view {
        if (root == 0) revert LogSizeUnknown(logged.logSize);
        bytes32 leaf = LogEntry.leaf(LogEntry.HEADER, logged.content);
        Rfc9162.verifyInclusion(leaf, logged.index, logged.logSize, root, logged.proof);
    }

    function _requireSigned(bytes32 digest, bytes calldata content, MeterBinding.Opened memory binding) private view {
        (bytes32 r, bytes32 s) = MeterHeader.signature(content);
        if (uint256(s) > HALF_ORDER) revert SignatureNotLow(s);
        if (!P256.verify(digest, r, s, binding.x, binding.y)) revert SignatureInvalid(binding.meterId);
    }

    // ---- which period, and whether the meter counts in it

    /// @dev The period that ends at `boundary`, which lies after the last one that the meter made and so isn't 0.
    function _closedBy(uint32 boundary, Register memory before) private pure returns (uint32) {
        if (boundary <= before.boundary) revert BoundaryNotLater(boundary, before.boundary);
        return boundary - 1;
    }

    function _firstDayOf(uint32 period) private view returns (uint32) {
        return (_firstDay + uint256(period) * _daysPerPeriod).toUint32();
    }

    /// @dev What is known of `period`; of one without a meter so far, the registry entry that it begins with.
    function _period(uint32 period) private view returns (Period memory found) {
        found = _periods[period];
        if (found.meterCount == 0) {
            found.registryIndex = registry.indexAt(_firstDayOf(period));
            uint32 kept = _bindings[found.registryIndex].count;
            found.meterCount = kept == 0 ? registry.entry(found.registryIndex).meterCount : kept;
        }
    }

    function _requireRegistered(RegisteredBinding calldata registered, Period memory period) private {
        bytes32 leaf = LogEntry.leaf(LogEntry.BINDING, registered.record);
        Rfc9162.verifyInclusion(
            leaf, registered.index, period.meterCount, _rootOf(period.registryIndex), registered.proof
        );
    }

    function _rootOf(uint32 registryIndex) private returns (bytes32) {
        Bindings storage kept = _bindings[registryIndex];
        if (kept.root == 0) {
            IMeterRegistry.Entry memory entry = registry.entry(registryIndex);
            (kept.root, kept.count) = (entry.bindingsRoot, entry.meterCount);
        }
        return kept.root;
    }

    // ---- energy

    /// @dev A report that doesn't name this meter's energy must not become Final while the next one leaves it out too.
    function _requireUnreported(uint32 period, IRevenueDeclarations.Status status) private pure {
        if (status == IRevenueDeclarations.Status.Pending || status == IRevenueDeclarations.Status.Final) {
            revert PeriodReported(period, status);
        }
    }

    /// @dev A first register is believed only when the gateway had no doubt at all: there is nothing to compare it with.
    function _requireOpening(MeterHeader.Opened memory header, Register memory before) private pure {
        if (before.isOpen && header.epoch < before.epoch) revert EpochFell(header.epoch, before.epoch);
        if (header.status & MeterHeader.SUSPECT != 0) revert ReadingSuspect(header.status);
    }

    /// @dev Adds what the meter's registers rose since its last boundary to `period`, whose figures are `sums`.
    function _add(
        uint32 period,
        Period memory sums,
        Register memory before,
        MeterHeader.Opened memory header,
        MeterBinding.Opened memory binding
    ) private {
        uint256 elapsed = header.closedAt - boundaryAt(before.boundary);
        uint64 exportWh = _rise(before.exportWh, header.exportWh, elapsed, binding);
        uint64 importWh = _rise(before.importWh, header.importWh, elapsed, binding);
        _periods[period] = Period({
            exportWh: sums.exportWh + exportWh,
            importWh: sums.importWh + importWh,
            settledMeters: sums.settledMeters + 1,
            registryIndex: sums.registryIndex,
            meterCount: sums.meterCount
        });
        emit MeterSettled(binding.bindingHash, period, before.boundary, exportWh, importWh);
    }

    /// @dev How far a register rose in `elapsed` seconds, through its modulus once at most.
    function _rise(uint64 beforeWh, uint64 nowWh, uint256 elapsed, MeterBinding.Opened memory binding)
        private
        pure
        returns (uint64)
    {
        // Before a register's first boundary, nobody signed for what flowed.
        if (beforeWh == MeterHeader.ABSENT) return 0;
        if (nowWh == MeterHeader.ABSENT) revert RegisterVanished();
        // The nameplate and a tenth, and one step of the register at either end.
        uint256 mostWh = binding.nameplateW * elapsed * MARGIN_TENTHS / 10 / 1 hours + 2 * uint256(binding.stepWh);
        if (nowWh >= beforeWh) {
            if (nowWh - beforeWh > mostWh) revert RiseImplausible(nowWh - beforeWh, mostWh);
            return nowWh - beforeWh;
        }
        uint256 throughWh = uint256(nowWh) + binding.modulusWh;
        if (throughWh < beforeWh || throughWh - beforeWh > mostWh) revert RegisterFell(nowWh, beforeWh);
        return (throughWh - beforeWh).toUint64();
    }
}
