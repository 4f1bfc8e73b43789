// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rfc9162} from "../src/lib/Rfc9162.sol";
import {Trees} from "./Trees.sol";
import {Wire} from "./Wire.sol";

/// @title Readings, headers, batches, bindings and log entries, opened as spec/ says
/// @notice A third hand beside Python's and JavaScript's: it shows that the formats mean the same to the EVM, offset by
/// offset. Nothing of it is deployed. Each function reverts with `Refused` or has opened what it was given.
library Documents {
    uint256 private constant KNOWN = 0x7fff;
    uint256 private constant CLOCKS = 0x70;
    uint256 private constant OUTCOMES = 0xf00;
    uint256 private constant VALUES = 0x0f;
    uint256 private constant SUSPECT = 0x80;
    uint256 private constant REASONS = 0x7000;

    function recordSize(uint256 profile) internal pure returns (uint256) {
        return profile == 1 ? 32 : profile == 2 ? 96 : profile == 3 ? 64 : 0;
    }

    function _oneBit(uint256 bits) private pure returns (bool) {
        return bits != 0 && bits & (bits - 1) == 0;
    }

    function checkStatus(uint256 status) internal pure {
        Wire.well(status & ~KNOWN == 0);
        Wire.well(_oneBit(status & CLOCKS));
        Wire.well(status & OUTCOMES == 0 || _oneBit(status & OUTCOMES));
        Wire.well(status & OUTCOMES == 0 || status & (VALUES | SUSPECT) == 0);
        Wire.well(status & REASONS == 0 || status & SUSPECT != 0);
    }

    // ---- reading.md

    function checkReading(bytes memory record, uint256 profile) internal pure {
        Wire.well(profile >= 1 && profile <= 3 && record.length == recordSize(profile));
        Wire.well(Wire.number(record, 0, 8) <= Wire.U63_MAX);
        uint256 status = Wire.number(record, 28, 4);
        checkStatus(status);
        Wire.well((Wire.register(record, 8) != Wire.ABSENT) == (status & 1 != 0));
        Wire.well((Wire.register(record, 16) != Wire.ABSENT) == (status & 2 != 0));
        Wire.well(status & 4 != 0 || Wire.number(record, 24, 4) == type(uint32).max);
        bool tariffs = false;
        for (uint256 offset = 32; profile == 2 && offset < 96; offset += 8) {
            if (Wire.register(record, offset) != Wire.ABSENT) tariffs = true;
        }
        Wire.well(tariffs == (status & 8 != 0));
        Wire.well(profile != 3 || Wire.word(record, 32) != 0);
    }

    // ---- header.md

    function _checkReason(uint256 kind, uint256 reason) private pure {
        Wire.well(kind >= 1 && kind <= 4);
        if (kind == 2) Wire.well(reason >= 1 && reason <= 4);
        else if (kind == 3) Wire.well(reason == 1 || reason == 2);
        else Wire.well(reason == 0);
    }

    function _checkRegister(bytes memory header, uint256 start, uint256 end, bool valid) private pure {
        uint256 before = Wire.register(header, start);
        uint256 then = Wire.register(header, end);
        Wire.well(valid ? then != Wire.ABSENT : then == before);
    }

    /// @dev The layout alone, and every rule for one header that needs no key.
    function checkHeader(bytes memory header) internal pure {
        Wire.well(header.length == 185 && bytes4(Wire.word(header, 0)) == "HOH1");
        uint256 kind = Wire.number(header, 4, 1);
        uint256 count = Wire.number(header, 39, 2);
        _checkReason(kind, Wire.number(header, 6, 1));
        Wire.well(recordSize(Wire.number(header, 5, 1)) != 0);
        if (kind == 1) Wire.well(count >= 1 && count <= 1024);
        else Wire.well(count == 0 && Wire.word(header, 121) == 0);
        Wire.well(Wire.number(header, 31, 8) + count <= Wire.U63_MAX);
        Wire.well(Wire.number(header, 49, 8) <= Wire.U63_MAX && Wire.number(header, 113, 8) <= Wire.U63_MAX);
        Wire.well(Wire.number(header, 41, 8) <= Wire.number(header, 49, 8));
        _checkStatuses(kind, Wire.number(header, 57, 4), Wire.number(header, 61, 4));
        _checkRegister(header, 65, 81, Wire.number(header, 57, 4) & 1 != 0);
        _checkRegister(header, 73, 89, Wire.number(header, 57, 4) & 2 != 0);
    }

    function _checkStatuses(uint256 kind, uint256 all, uint256 closing) private pure {
        checkStatus(closing);
        Wire.well(all & ~KNOWN == 0 && closing & ~all == 0);
        Wire.well(all & CLOCKS == closing & CLOCKS);
        Wire.well(kind == 1 || (all == closing && closing & ~CLOCKS == 0));
    }

    function openHeader(bytes memory header, bytes memory signature, bytes memory point) internal view {
        Wire.checkPoint(point);
        checkHeader(header);
        Wire.agrees(Wire.same(Wire.part(header, 7, 20), Wire.idOf(point)), "meter_id");
        Wire.openSignature(header, signature, point);
    }

    /// @dev Whether `header` may open the history of the meter that this binding binds.
    function checkFirst(bytes32 bindingHash, bytes memory header) internal pure {
        checkHeader(header);
        Wire.agrees(Wire.word(header, 153) == bindingHash, "prev");
        Wire.agrees(Wire.number(header, 4, 1) == 2, "kind");
        Wire.agrees(Wire.number(header, 27, 4) == 0, "epoch");
        Wire.agrees(Wire.number(header, 31, 8) == 0, "seq0");
    }

    /// @dev Whether `header` continues `previous`: its hash, epoch, sequence, and the registers that telescope.
    function checkFollows(bytes memory previous, bytes memory header) internal pure {
        checkHeader(previous);
        checkHeader(header);
        uint256 reason = Wire.number(header, 6, 1);
        bool opens = Wire.number(header, 4, 1) == 2;
        Wire.agrees(Wire.number(previous, 4, 1) != 4 && Wire.word(header, 153) == sha256(previous), "prev");
        Wire.agrees(!opens || reason != 1, "reason");
        Wire.agrees(Wire.number(header, 27, 4) == Wire.number(previous, 27, 4) + (opens ? 1 : 0), "epoch");
        uint256 next = opens ? 0 : Wire.number(previous, 31, 8) + Wire.number(previous, 39, 2);
        Wire.agrees(Wire.number(header, 31, 8) == next, "seq0");
        if (opens && reason == 4) return;
        Wire.agrees(Wire.number(header, 65, 8) == Wire.number(previous, 81, 8), "export_start_wh");
        Wire.agrees(Wire.number(header, 73, 8) == Wire.number(previous, 89, 8), "import_start_wh");
    }

    // ---- batch.md

    /// @dev RFC 2104 with SHA-256 and a key of 32 bytes.
    function hmac(bytes32 key, bytes memory message) internal pure returns (bytes32) {
        bytes32 inner = sha256(abi.encodePacked(key ^ _fill(0x36), _fill(0x36), message));
        return sha256(abi.encodePacked(key ^ _fill(0x5c), _fill(0x5c), inner));
    }

    function _fill(uint8 pad) private pure returns (bytes32) {
        return bytes32(uint256(pad) * (type(uint256).max / 255));
    }

    function leaves(bytes32 batchKey, bytes memory body, uint256 size) internal pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](body.length / size);
        for (uint256 i = 0; i < hashes.length; ++i) {
            bytes16 salt = bytes16(hmac(batchKey, abi.encodePacked(uint32(i))));
            hashes[i] = Rfc9162.leafHash(abi.encodePacked(salt, Wire.part(body, i * size, size)));
        }
    }

    /// @dev A header whose signature is open, against the body that it commits to. Returns the leaf hashes.
    function openBody(bytes memory header, bytes memory batchKey, bytes memory body)
        internal
        pure
        returns (bytes32[] memory hashes)
    {
        uint256 profile = Wire.number(header, 5, 1);
        uint256 size = recordSize(profile);
        Wire.well(Wire.number(header, 4, 1) == 1);
        Wire.well(body.length == size * Wire.number(header, 39, 2) && batchKey.length == 32);
        hashes = leaves(bytes32(batchKey), body, size);
        Wire.demand(Trees.root(hashes, 0, hashes.length) == Wire.word(header, 121), "root-mismatch");
        for (uint256 offset = 0; offset < body.length; offset += size) {
            checkReading(Wire.part(body, offset, size), profile);
        }
        _checkSummary(header, body, size);
    }

    /// @dev The header's fields follow from its start registers and the body alone.
    function _checkSummary(bytes memory header, bytes memory body, uint256 size) private pure {
        uint256 exported = Wire.number(header, 65, 8);
        uint256 imported = Wire.number(header, 73, 8);
        uint256 time = Wire.number(body, 0, 8);
        uint256 all = 0;
        for (uint256 offset = 0; offset < body.length; offset += size) {
            Wire.agrees(Wire.number(body, offset, 8) >= time, "order of times");
            time = Wire.number(body, offset, 8);
            uint256 status = Wire.number(body, offset + 28, 4);
            all |= status;
            if (status & 1 != 0) exported = Wire.number(body, offset + 8, 8);
            if (status & 2 != 0) imported = Wire.number(body, offset + 16, 8);
        }
        Wire.agrees(Wire.number(header, 41, 8) == Wire.number(body, 0, 8), "t0");
        Wire.agrees(Wire.number(header, 49, 8) == time, "t1");
        Wire.agrees(Wire.number(header, 57, 4) == all, "status_or");
        Wire.agrees(Wire.number(header, 61, 4) == Wire.number(body, body.length - size + 28, 4), "status_close");
        Wire.agrees(Wire.number(header, 81, 8) == exported, "export_end_wh");
        Wire.agrees(Wire.number(header, 89, 8) == imported, "import_end_wh");
    }

    // ---- binding.md

    function openBinding(bytes memory record, bytes memory installer) internal view {
        Wire.well(record.length == 402 && bytes4(Wire.word(record, 0)) == "HOB1");
        Wire.checkText(Wire.part(record, 12, 32), false);
        Wire.checkText(Wire.part(record, 44, 32), false);
        Wire.checkText(Wire.part(record, 76, 32), true);
        uint256 custody = Wire.number(record, 173, 1);
        Wire.well(custody >= 1 && custody <= 3);
        Wire.well(Wire.number(record, 172, 1) == 1 || Wire.number(record, 172, 1) == 2);
        for (uint256 offset = 174; offset < 186; offset += 4) {
            Wire.well(Wire.number(record, offset, 4) != 0);
        }
        Wire.well(Wire.number(record, 186, 8) != 0 && Wire.number(record, 186, 8) <= Wire.U63_MAX);
        Wire.well(Wire.number(record, 194, 4) != 0 && Wire.number(record, 198, 4) != 0);
        Wire.well(Wire.number(record, 4, 8) <= Wire.U63_MAX && Wire.number(record, 202, 8) <= Wire.U63_MAX);
        Wire.well(Wire.same(Wire.part(record, 210, 64), installer));
        bytes memory binding = Wire.part(record, 0, 274);
        Wire.openSignature(binding, Wire.part(record, 274, 64), Wire.part(record, 108, 64));
        Wire.openSignature(binding, Wire.part(record, 338, 64), installer);
    }

    // ---- log-entry.md

    function entry(uint256 kind, bytes memory content) internal pure returns (bytes32) {
        Wire.well(kind >= 0x10 && kind <= 0x18);
        Wire.well(kind != 0x10 || content.length == 249);
        Wire.well(kind != 0x11 || content.length == 402);
        Wire.well(kind != 0x16 || content.length == 57);
        Wire.well((kind != 0x17 && kind != 0x18) || content.length == 53);
        return sha256(abi.encodePacked(uint8(kind), content));
    }
}
