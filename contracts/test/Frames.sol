// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Wire} from "./Wire.sol";

/// @title Bundles, answers, heads and head requests, opened as spec/ says; for the vectors, not for the chain
library Frames {
    /// @dev One item of a bundle, still unverified.
    struct Item {
        bytes header;
        bytes signature;
        bytes batchKey;
        bytes body;
        bytes evidence;
    }

    function _tagged(bytes memory data, bytes4 tag, uint256 least) private pure {
        Wire.well(data.length >= least && bytes4(uint32(Wire.number(data, 0, 4))) == tag);
    }

    // ---- bundle.md

    function decodeBundle(bytes memory bundle) internal pure returns (Item[] memory items) {
        _tagged(bundle, "HOU1", 6);
        uint256 count = Wire.number(bundle, 4, 2);
        Wire.well(bundle.length <= 65_536 && count >= 1 && count <= 64);
        items = new Item[](count);
        uint256 offset = 6;
        for (uint256 i = 0; i < count; ++i) {
            Wire.well(offset + 4 <= bundle.length);
            uint256 length = Wire.number(bundle, offset, 4);
            Wire.well(offset + 4 + length <= bundle.length);
            items[i] = _decodeItem(Wire.part(bundle, offset + 4, length));
            offset += 4 + length;
        }
        Wire.well(offset == bundle.length);
    }

    function _decodeItem(bytes memory data) private pure returns (Item memory item) {
        Wire.well(data.length >= 185 + 64 + 32 + 4 + 2);
        item.header = Wire.part(data, 0, 185);
        item.signature = Wire.part(data, 185, 64);
        item.batchKey = Wire.part(data, 249, 32);
        uint256 end = 285 + Wire.number(data, 281, 4);
        Wire.well(end + 2 <= data.length);
        item.body = Wire.part(data, 285, end - 285);
        Wire.well(end + 2 + Wire.number(data, end, 2) == data.length);
        item.evidence = Wire.part(data, end + 2, data.length - end - 2);
    }

    // ---- answer.md

    function _fits(uint256 verdict, uint256 code) private pure returns (bool) {
        if (verdict == 1 || verdict == 2) return code <= 1;
        if (verdict == 3) return code == 30 || code == 31;
        return verdict == 4 && code >= 10 && code <= 18;
    }

    /// @dev Returns the number of items; item i is 35 bytes at 34 + 35 i.
    function openAnswer(bytes memory answer, bytes memory oracle) internal view returns (uint256 count) {
        _tagged(answer, "HOA1", 34);
        count = Wire.number(answer, 32, 2);
        uint256 size = 34 + 35 * count;
        Wire.well(count >= 1 && count <= 64 && answer.length == size + 64);
        Wire.openSignature(Wire.part(answer, 0, size), Wire.part(answer, size, 64), oracle);
        Wire.well(Wire.same(Wire.part(answer, 4, 20), Wire.idOf(oracle)));
        Wire.well(Wire.number(answer, 24, 8) <= Wire.U63_MAX);
        for (uint256 offset = 34; offset < size; offset += 35) {
            Wire.well(_fits(Wire.number(answer, offset + 32, 1), Wire.number(answer, offset + 33, 2)));
        }
    }

    // ---- head.md

    function openHead(bytes memory head, bytes memory oracle, bytes memory nonce) internal view {
        _tagged(head, "HOS1", 129 + 64);
        Wire.well(head.length == 129 + 64);
        uint256 known = Wire.number(head, 68, 1);
        Wire.well(known <= 1);
        Wire.well(Wire.number(head, 40, 8) <= Wire.U63_MAX && Wire.number(head, 73, 8) <= Wire.U63_MAX);
        uint256 exported = Wire.register(head, 113);
        uint256 imported = Wire.register(head, 121);
        if (known == 0) {
            Wire.well(Wire.number(head, 69, 12) == 0 && Wire.word(head, 81) == 0);
            Wire.well(exported == Wire.ABSENT && imported == Wire.ABSENT);
        }
        Wire.openSignature(Wire.part(head, 0, 129), Wire.part(head, 129, 64), oracle);
        Wire.well(Wire.same(Wire.part(head, 4, 20), Wire.idOf(oracle)));
        Wire.well(Wire.same(Wire.part(head, 24, 16), nonce));
    }

    /// @dev Returns the number of meters; meter i is 20 bytes at 22 + 20 i.
    function decodeRequest(bytes memory request) internal pure returns (uint256 count) {
        _tagged(request, "HOQ1", 22);
        count = Wire.number(request, 20, 2);
        Wire.well(count >= 1 && count <= 64 && request.length == 22 + 20 * count);
    }
}
