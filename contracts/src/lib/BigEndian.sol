// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Big-endian fields of a document in calldata
/// @notice The formats of spec/ are fixed layouts, so a field is an offset and a width. Callers check the length of the
/// document once, before the first field: nothing here looks at it again.
library BigEndian {
    /// @dev The unsigned integer of 8 bytes at `offset`.
    function u64At(bytes calldata data, uint256 offset) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(192, calldataload(add(data.offset, offset)))
        }
    }

    /// @dev The unsigned integer of 4 bytes at `offset`.
    function u32At(bytes calldata data, uint256 offset) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(224, calldataload(add(data.offset, offset)))
        }
    }

    /// @dev The 32 bytes at `offset`.
    function wordAt(bytes calldata data, uint256 offset) internal pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := calldataload(add(data.offset, offset))
        }
    }
}
