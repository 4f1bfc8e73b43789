// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BigEndian} from "./BigEndian.sol";
import {Sha256} from "./Sha256.sol";

/// @title A header that states readings, opened from its bytes (spec/header.md, spec/reading.md)
/// @notice A document is a header (185 bytes) and the meter's signature (64), which is what the log holds. Opening
/// checks the layout and every rule for one header that needs no key; who signed it is the caller's question.
library MeterHeader {
    using BigEndian for bytes;

    /// @param meterId First 20 bytes of SHA-256 over the meter's public point.
    /// @param epoch Of the meter's sequence numbers.
    /// @param closedAt Time of the last reading, UTC unix seconds.
    /// @param status Status word of the last reading.
    /// @param exportWh Export register at the end, or ABSENT.
    /// @param importWh Import register at the end, or ABSENT.
    /// @param digest SHA-256 over the 185 bytes: what the meter signed.
    struct Opened {
        bytes20 meterId;
        uint32 epoch;
        uint64 closedAt;
        uint32 status;
        uint64 exportWh;
        uint64 importWh;
        bytes32 digest;
    }

    /// @notice A header and its signature have `want` bytes together.
    error HeaderLengthWrong(uint256 got, uint256 want);
    /// @notice The field at byte `offset` breaks its rule in spec/header.md.
    error HeaderMalformed(uint256 offset, uint256 value);
    /// @notice The header states something else than readings: an epoch, a gap or a retirement.
    error HeaderWithoutReadings(uint256 kind);

    uint256 internal constant SIGNED_LENGTH = 185;
    uint256 internal constant LENGTH = SIGNED_LENGTH + 64;
    /// @dev A register that the meter doesn't have.
    uint64 internal constant ABSENT = type(uint64).max;
    uint256 private constant MAX_VALUE = (1 << 63) - 1;
    uint256 private constant MAX_COUNT = 1_024;

    // Bits of the status word.
    uint256 internal constant EXPORT_VALID = 1 << 0;
    uint256 internal constant IMPORT_VALID = 1 << 1;
    uint256 internal constant CLOCK_SYNCHRONISED = 1 << 6;
    uint256 internal constant SUSPECT = 1 << 7;
    uint256 internal constant FELL = 1 << 14;
    /// @dev Why an answer is suspect: SENTINEL, ZERO or FELL.
    uint256 internal constant REASONS = 0x7000;
    uint256 private constant VALUES = 0x000f;
    uint256 private constant CLOCKS = 0x0070;
    uint256 private constant OUTCOMES = 0x0f00;
    uint256 private constant KNOWN = 0x7fff;

    // Where the fields stand.
    uint256 private constant TAG = 0;
    uint256 private constant PROFILE = 5;
    uint256 private constant REASON = 6;
    uint256 private constant METER_ID = 7;
    uint256 private constant EPOCH = 27;
    uint256 private constant SEQ0 = 31;
    uint256 private constant COUNT = 39;
    uint256 private constant T0 = 41;
    uint256 private constant T1 = 49;
    uint256 private constant STATUS_OR = 57;
    uint256 private constant STATUS_CLOSE = 61;
    uint256 private constant EXPORT_START = 65;
    uint256 private constant IMPORT_START = 73;
    uint256 private constant EXPORT_END = 81;
    uint256 private constant IMPORT_END = 89;
    uint256 private constant MONOTONIC_MS = 113;
    uint256 private constant SIGNATURE_R = 185;
    uint256 private constant SIGNATURE_S = 217;

    /// @dev Reverts unless `content` is a header of readings with a signature behind it.
    function open(bytes calldata content) internal view returns (Opened memory header) {
        if (content.length != LENGTH) revert HeaderLengthWrong(content.length, LENGTH);
        _requireKind(content);
        _requireCounters(content);
        uint256 all = content.u32At(STATUS_OR);
        header.status = uint32(_closingStatus(content, all));
        header.exportWh = _closingRegister(content, EXPORT_START, EXPORT_END, all & EXPORT_VALID != 0);
        header.importWh = _closingRegister(content, IMPORT_START, IMPORT_END, all & IMPORT_VALID != 0);
        header.meterId = bytes20(content.wordAt(METER_ID));
        header.epoch = uint32(content.u32At(EPOCH));
        header.closedAt = uint64(content.u64At(T1));
        header.digest = Sha256.slice(content, 0, SIGNED_LENGTH);
    }

    /// @dev The signature of a content that `open` took.
    function signature(bytes calldata content) internal pure returns (bytes32 r, bytes32 s) {
        return (content.wordAt(SIGNATURE_R), content.wordAt(SIGNATURE_S));
    }

    /// @dev Tag "HOH1", kind 1, profile 1 to 3, reason 0.
    function _requireKind(bytes calldata content) private pure {
        uint256 first = content.u64At(TAG);
        if (first >> 32 != uint32(bytes4("HOH1"))) revert HeaderMalformed(TAG, first >> 32);
        uint256 kind = uint8(first >> 24);
        if (kind != 1) revert HeaderWithoutReadings(kind);
        uint256 profile = uint8(first >> 16);
        if (profile == 0 || profile > 3) revert HeaderMalformed(PROFILE, profile);
        uint256 reason = uint8(first >> 8);
        if (reason != 0) revert HeaderMalformed(REASON, reason);
    }

    function _requireCounters(bytes calldata content) private pure {
        uint256 count = content.u32At(COUNT) >> 16;
        if (count == 0 || count > MAX_COUNT) revert HeaderMalformed(COUNT, count);
        uint256 seq0 = content.u64At(SEQ0);
        if (seq0 > MAX_VALUE - count) revert HeaderMalformed(SEQ0, seq0);
        uint256 t0 = content.u64At(T0);
        uint256 t1 = content.u64At(T1);
        if (t1 > MAX_VALUE) revert HeaderMalformed(T1, t1);
        if (t0 > t1) revert HeaderMalformed(T0, t0);
        uint256 monotonicMs = content.u64At(MONOTONIC_MS);
        if (monotonicMs > MAX_VALUE) revert HeaderMalformed(MONOTONIC_MS, monotonicMs);
    }

    /// @dev A status word of a reading, which lies within the OR over all of them and has its clock bit.
    function _closingStatus(bytes calldata content, uint256 all) private pure returns (uint256 closing) {
        closing = content.u32At(STATUS_CLOSE);
        uint256 outcome = closing & OUTCOMES;
        if (
            !_isOneBit(closing & CLOCKS) || closing & ~all != 0 // the OR's own bits are judged below
                || (outcome != 0 && (!_isOneBit(outcome) || closing & (VALUES | SUSPECT) != 0))
                || (closing & REASONS != 0 && closing & SUSPECT == 0)
        ) revert HeaderMalformed(STATUS_CLOSE, closing);
        if (all & ~KNOWN != 0 || (all ^ closing) & CLOCKS != 0) revert HeaderMalformed(STATUS_OR, all);
    }

    /// @dev The register at the end. Where no reading of the batch had it, the end repeats the start.
    function _closingRegister(bytes calldata content, uint256 startAt, uint256 endAt, bool valid)
        private
        pure
        returns (uint64)
    {
        uint256 start = content.u64At(startAt);
        uint256 end = content.u64At(endAt);
        if (start > MAX_VALUE && start != ABSENT) revert HeaderMalformed(startAt, start);
        if (valid ? end > MAX_VALUE : end != start) revert HeaderMalformed(endAt, end);
        return uint64(end);
    }

    function _isOneBit(uint256 bits) private pure returns (bool) {
        unchecked {
            return bits != 0 && bits & (bits - 1) == 0;
        }
    }
}
