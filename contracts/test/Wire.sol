// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";

/// @dev What spec/README.md calls a refusal: one of six codes, and for `header-disagrees` the name of the field.
error Refused(string code, string field);

/// @title Bytes, hashes and P-256 signatures as the pages of spec/ lay them out; for the vectors, not for the chain
library Wire {
    uint256 internal constant U63_MAX = (1 << 63) - 1;
    uint256 internal constant U64_MAX = (1 << 64) - 1;
    uint256 internal constant ABSENT = U64_MAX;

    error PrecompileDisagrees(bytes32 digest, bytes32 r, bytes32 s);
    error PastTheEnd(uint256 offset, uint256 size, uint256 length);

    function demand(bool holds, string memory code) internal pure {
        if (!holds) revert Refused(code, "");
    }

    function well(bool holds) internal pure {
        if (!holds) revert Refused("malformed", "");
    }

    function agrees(bool holds, string memory field) internal pure {
        if (!holds) revert Refused("header-disagrees", field);
    }

    /// @dev The big-endian unsigned integer of `size` bytes, 1 to 32, at offset `at`.
    function number(bytes memory data, uint256 offset, uint256 size) internal pure returns (uint256 value) {
        if (offset + size > data.length) revert PastTheEnd(offset, size, data.length);
        assembly ("memory-safe") {
            value := shr(sub(256, mul(8, size)), mload(add(add(data, 32), offset)))
        }
    }

    function word(bytes memory data, uint256 offset) internal pure returns (bytes32) {
        return bytes32(number(data, offset, 32));
    }

    function part(bytes memory data, uint256 offset, uint256 size) internal pure returns (bytes memory cut) {
        if (offset + size > data.length) revert PastTheEnd(offset, size, data.length);
        cut = new bytes(size);
        assembly ("memory-safe") {
            mcopy(add(cut, 32), add(add(data, 32), offset), size)
        }
    }

    function same(bytes memory a, bytes memory b) internal pure returns (bool) {
        return keccak256(a) == keccak256(b);
    }

    /// @dev A register: below 2^63, or all ones for absent.
    function register(bytes memory data, uint256 offset) internal pure returns (uint256 value) {
        value = number(data, offset, 8);
        well(value <= U63_MAX || value == ABSENT);
    }

    /// @dev The text's length; the field is 1 to 32 characters of its alphabet, and after the first zero nothing but zeros.
    function checkText(bytes memory field, bool serial) internal pure returns (uint256 length) {
        while (length < field.length && field[length] != 0) {
            uint8 c = uint8(field[length]);
            bool plain = (c >= 0x61 && c <= 0x7a) || (c >= 0x30 && c <= 0x39) || (c == 0x2d && length > 0);
            well(serial ? c > 0x20 && c < 0x7f : plain);
            ++length;
        }
        well(length > 0 && length <= 32);
        for (uint256 i = length; i < field.length; ++i) {
            well(field[i] == 0);
        }
    }

    /// @dev A meter's or an oracle's id: the first 20 bytes of SHA-256 over the public point.
    function idOf(bytes memory point) internal pure returns (bytes memory) {
        return abi.encodePacked(bytes20(sha256(point)));
    }

    function checkPoint(bytes memory point) internal pure {
        demand(point.length == 64, "bad-key");
        demand(P256.isValidPublicKey(word(point, 0), word(point, 32)), "bad-key");
    }

    /// @dev P-256 over SHA-256 of the message, r | s, s in the lower half of the order.
    function openSignature(bytes memory message, bytes memory signature, bytes memory point) internal view {
        checkPoint(point);
        demand(signature.length == 64, "bad-signature");
        demand(signed(sha256(message), word(signature, 0), word(signature, 32), point), "bad-signature");
    }

    /// @dev Where the chain has the precompile (EIP-7951) it must agree; elsewhere `verify` is the same code again.
    function signed(bytes32 digest, bytes32 r, bytes32 s, bytes memory point) internal view returns (bool inSolidity) {
        (bytes32 x, bytes32 y) = (word(point, 0), word(point, 32));
        inSolidity = P256.verifySolidity(digest, r, s, x, y);
        if (P256.verify(digest, r, s, x, y) != inSolidity) revert PrecompileDisagrees(digest, r, s);
    }
}
