// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMeterFigures} from "./IMeterFigures.sol";
import {IRevenueDeclarations} from "./IRevenueDeclarations.sol";

/// @title Energy that the contract reckons itself, from registers that the meters signed
/// @notice For an asset of few meters that are always on, whose registers need no multiplier. `settle` takes one document
/// of the oracle's log, a header that ends at a boundary between two payout periods, and checks everything that an oracle
/// would: the meter is in the registry, its key signed the header (P-256), the header is in the anchored log. What the
/// register rose since the meter's last boundary is energy of the period that ends. A report must then equal `figures`.
/// Anybody may call; nothing counts but the documents. Headers become public here, so this is not for households.
///
/// Boundary `b` is the start of period `b`: it closes period `b - 1`. A meter's first boundary only *opens*: its register
/// is kept, and what flowed before, nobody signed for. A meter without a header at a boundary is *missing* in that period,
/// and its energy is in the next period it closes: registers are cumulative, so nothing is lost. For the same reason a
/// period whose report is Pending or Final takes no meter any more: that meter's energy would be in no report.
/// @dev Warning: the operator settles every meter within the period after the boundary. Once the next boundary is reached,
/// anybody may settle that one instead, and the meter is missing in the earlier period for ever.
interface IDirectSettlement is IMeterFigures {
    /// @notice A header in the oracle's log.
    /// @param content Header (185 bytes) and signature (64): the content of a log entry of type 0x10.
    /// @param logSize A size that was anchored.
    /// @param index Of the entry in the log.
    /// @param proof RFC 9162 inclusion proof of the entry in the log of that size.
    struct LoggedHeader {
        bytes content;
        uint64 logSize;
        uint64 index;
        bytes32[] proof;
    }

    /// @notice A binding in the meter registry.
    /// @param record The 402 bytes of the binding record.
    /// @param index Of the binding among those under the entry's root.
    /// @param proof RFC 9162 inclusion proof of the record, as a log entry of type 0x11, under the entry's root.
    struct RegisteredBinding {
        bytes record;
        uint32 index;
        bytes32[] proof;
    }

    /// @notice The registers of a binding at the last boundary that it made, in watt-hours as the meter shows them.
    /// @param exportWh Energy delivered; all ones for a register that the meter doesn't have.
    /// @param importWh Energy drawn; likewise.
    /// @param epoch Of the meter's sequence numbers. Only registers of one epoch are subtracted.
    /// @param boundary The boundary at which the registers stood so.
    /// @param isOpen Whether there was such a boundary.
    struct Register {
        uint64 exportWh;
        uint64 importWh;
        uint32 epoch;
        uint32 boundary;
        bool isOpen;
    }

    /// @notice From `boundary` on the registers of this binding count, which stand at these values. After a change of
    /// epoch the meter opens again; what flowed between its last boundary and this one is no energy of any period.
    event MeterOpened(
        bytes32 indexed bindingHash,
        uint32 indexed boundary,
        uint32 epoch,
        uint64 exportRegisterWh,
        uint64 importRegisterWh
    );

    /// @notice These energies, which flowed since `sinceBoundary`, belong to `period`, the one that ends.
    event MeterSettled(
        bytes32 indexed bindingHash, uint32 indexed period, uint32 sinceBoundary, uint64 exportWh, uint64 importWh
    );

    /// @notice A contract that this one depends on is the zero address.
    error DependencyMissing();
    /// @notice A reading counts for a boundary if it follows it by at most a tolerance of 1 to `most` seconds.
    error ToleranceOutOfRange(uint32 seconds_, uint32 most);

    /// @notice The boundary lies ahead: it is at `startsAt`, unix seconds.
    error BoundaryNotReached(uint32 boundary, uint256 startsAt, uint256 now_);
    /// @notice The header ends at `closedAt`, which isn't within [`earliest`, `latest`], unix seconds.
    error HeaderNotAtBoundary(uint256 closedAt, uint256 earliest, uint256 latest);
    /// @notice The meter's clock was not synchronised when it was read.
    error ClockNotSynchronised(uint32 status);
    /// @notice The closing reading has no register, or one that it repeats from an earlier reading.
    error RegisterNotMeasured(uint32 status);
    /// @notice The gateway that read the meter doubted the answer.
    error ReadingSuspect(uint32 status);

    /// @notice The header belongs to another meter than the binding.
    error MeterDiffers(bytes20 got, bytes20 want);
    /// @notice The binding is valid from `validFrom` on; the header ends before.
    error BindingNotYetValid(uint64 closedAt, uint64 validFrom);
    /// @notice Of the two values of s that verify, only the one in the lower half of the order is taken.
    error SignatureNotLow(bytes32 s);
    /// @notice The meter did not sign this header.
    error SignatureInvalid(bytes20 meterId);
    /// @notice That size was never anchored.
    error LogSizeUnknown(uint64 size);

    /// @notice The meter is at `have`: boundaries only rise, and each is made once.
    error BoundaryNotLater(uint32 got, uint32 have);
    /// @notice The header belongs to an epoch before the one of the stored registers.
    error EpochFell(uint32 got, uint32 have);
    /// @notice The register is lower than before, and through its modulus it would have risen more than the meter can.
    error RegisterFell(uint64 gotWh, uint64 haveWh);
    /// @notice The register rose by more than the nameplate allows in the time.
    error RiseImplausible(uint256 riseWh, uint256 mostWh);
    /// @notice The meter had this register at its last boundary.
    error RegisterVanished();
    /// @notice The period has its report, and takes no meter any more.
    error PeriodReported(uint32 period, IRevenueDeclarations.Status status);

    /// @notice Takes a meter's header at a boundary: adds energy to the period that ends, or opens the meter.
    /// @dev A binding that is known must be under the registry entry in force on the first day of the period that ends;
    /// one that is not, under the entry in force on the first day of the period that begins. A meter that comes back to
    /// the registry after an absence needs a new binding: under the old one its absence counts as energy.
    function settle(uint32 boundary, LoggedHeader calldata header, RegisteredBinding calldata binding) external;

    /// @notice The registers last taken under the binding with this hash (SHA-256 over its 274 bytes).
    function registerOf(bytes32 bindingHash) external view returns (Register memory);

    /// @notice When `boundary` is, in UTC unix seconds.
    function boundaryAt(uint32 boundary) external view returns (uint256);
}
