// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Wire} from "./Wire.sol";

/// @title A checkpoint's signed note, opened as spec/checkpoint.md says; for the vectors, not for the chain
library Note {
    uint256 private constant ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551;
    /// @dev A DER SubjectPublicKeyInfo of P-256 up to the point's x (RFC 5480).
    bytes private constant SPKI = hex"3059301306072a8648ce3d020106082a8648ce3d03010703420004";
    bytes1 private constant NEWLINE = 0x0a;

    function keyId(bytes memory point) internal pure returns (bytes memory) {
        return abi.encodePacked(bytes4(sha256(bytes.concat(SPKI, point))));
    }

    /// @dev Where `wanted` stands next in [from, to); `to` when it doesn't.
    function _find(bytes memory data, uint256 from, uint256 to, bytes1 wanted) private pure returns (uint256 offset) {
        offset = from;
        while (offset < to && data[offset] != wanted) ++offset;
    }

    /// @dev The text's end, its last newline included; the blank line follows it.
    function _textEnd(bytes memory note) private pure returns (uint256 end) {
        uint256 characters = 0;
        for (uint256 i = 0; i < note.length; ++i) {
            // The bytes 10xxxxxx of UTF-8 continue a character.
            if (uint8(note[i]) & 0xc0 != 0x80) ++characters;
        }
        Wire.well(characters <= 16_384);
        for (end = note.length; end >= 2; --end) {
            if (note[end - 2] == NEWLINE && note[end - 1] == NEWLINE) break;
        }
        Wire.well(end >= 2 && end < note.length && note[note.length - 1] == NEWLINE);
        return end - 1;
    }

    function open(bytes memory note, bytes memory point, bytes memory origin)
        internal
        view
        returns (uint256 size, bytes32 root)
    {
        Wire.checkPoint(point);
        uint256 textEnd = _textEnd(note);
        bytes memory text = Wire.part(note, 0, textEnd);
        bool opened = false;
        for (uint256 offset = textEnd + 1; offset < note.length;) {
            uint256 end = _find(note, offset, note.length, NEWLINE);
            if (_openLine(Wire.part(note, offset, end - offset), text, point, origin)) opened = true;
            offset = end + 1;
        }
        Wire.demand(opened, "bad-signature");
        return _parse(text, origin);
    }

    /// @dev Whether this line is the known key's; then its signature verifies.
    function _openLine(bytes memory line, bytes memory text, bytes memory point, bytes memory origin)
        private
        view
        returns (bool)
    {
        Wire.well(line.length > 4 && Wire.same(Wire.part(line, 0, 4), hex"e2809420"));
        uint256 space = _find(line, 4, line.length, " ");
        Wire.well(space + 1 < line.length);
        bytes memory blob = base64(Wire.part(line, space + 1, line.length - space - 1));
        if (!Wire.same(Wire.part(line, 4, space - 4), origin) || blob.length < 4) return false;
        if (!Wire.same(Wire.part(blob, 0, 4), keyId(point))) return false;
        (uint256 r, uint256 s) = fromDer(Wire.part(blob, 4, blob.length - 4));
        // In ASN.1 both halves of the order are in use; the contract's library takes the lower one.
        if (s > ORDER / 2) s = ORDER - s;
        Wire.demand(Wire.signed(sha256(text), bytes32(r), bytes32(s), point), "bad-signature");
        return true;
    }

    function _parse(bytes memory text, bytes memory origin) private pure returns (uint256 size, bytes32 root) {
        uint256 first = _find(text, 0, text.length, NEWLINE);
        Wire.well(Wire.same(Wire.part(text, 0, first), origin));
        uint256 second = _find(text, first + 1, text.length, NEWLINE);
        Wire.well(second < text.length);
        size = _decimal(Wire.part(text, first + 1, second - first - 1));
        uint256 third = _find(text, second + 1, text.length, NEWLINE);
        Wire.well(third + 1 == text.length);
        bytes memory spelt = Wire.part(text, second + 1, third - second - 1);
        bytes memory decoded = base64(spelt);
        Wire.well(decoded.length == 32);
        // 32 bytes leave two bits over in the last of 43 characters, and only one of its four spellings leaves them 0.
        Wire.well(_sextet(spelt[42]) & 3 == 0);
        root = bytes32(decoded);
    }

    function _decimal(bytes memory digits) private pure returns (uint256 value) {
        Wire.well(digits.length >= 1 && digits.length <= 19 && (digits.length == 1 || digits[0] != "0"));
        for (uint256 i = 0; i < digits.length; ++i) {
            Wire.well(digits[i] >= "0" && digits[i] <= "9");
            value = value * 10 + uint8(digits[i]) - 48;
        }
        Wire.well(value <= Wire.U63_MAX);
    }

    function _sextet(bytes1 character) private pure returns (uint256) {
        uint256 c = uint8(character);
        if (c >= 65 && c <= 90) return c - 65;
        if (c >= 97 && c <= 122) return c - 71;
        if (c >= 48 && c <= 57) return c + 4;
        Wire.well(c == 43 || c == 47);
        return c == 43 ? 62 : 63;
    }

    /// @dev RFC 4648, section 4: whole groups of four, padded, no other character.
    function base64(bytes memory spelt) internal pure returns (bytes memory decoded) {
        Wire.well(spelt.length % 4 == 0);
        uint256 length = spelt.length;
        while (length + 2 > spelt.length && length > 0 && spelt[length - 1] == "=") --length;
        decoded = new bytes(length * 3 / 4);
        uint256 bits = 0;
        uint256 offset = 0;
        for (uint256 i = 0; i < length; ++i) {
            bits = (bits << 6) | _sextet(spelt[i]);
            if (i % 4 == 0) continue;
            decoded[offset] = bytes1(uint8(bits >> (6 - 2 * (i % 4))));
            ++offset;
        }
    }

    /// @dev r and s of an ECDSA-Sig-Value (RFC 3279, 2.2.3) in DER, each between 1 and the order.
    function fromDer(bytes memory der) internal pure returns (uint256 r, uint256 s) {
        _signature(der.length >= 2 && der.length < 0x82 && der[0] == 0x30 && uint8(der[1]) == der.length - 2);
        uint256 offset = 2;
        (r, offset) = _integer(der, offset);
        (s, offset) = _integer(der, offset);
        _signature(offset == der.length);
    }

    function _integer(bytes memory der, uint256 offset) private pure returns (uint256 value, uint256 next) {
        _signature(offset + 2 <= der.length && der[offset] == 0x02);
        uint256 length = uint8(der[offset + 1]);
        next = offset + 2 + length;
        _signature(length >= 1 && next <= der.length && uint8(der[offset + 2]) < 0x80);
        if (length > 1 && der[offset + 2] == 0) {
            // A leading zero only keeps the number from looking negative.
            _signature(uint8(der[offset + 3]) >= 0x80);
            (offset, length) = (offset + 1, length - 1);
        }
        _signature(length <= 32);
        value = Wire.number(der, offset + 2, length);
        _signature(value > 0 && value < ORDER);
    }

    function _signature(bool holds) private pure {
        Wire.demand(holds, "bad-signature");
    }
}
