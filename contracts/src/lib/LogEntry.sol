// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Entries of the oracle's log (spec/log-entry.md)
library LogEntry {
    /// @dev Types start at 0x10, so that no entry can pass for a node of the tree.
    uint8 internal constant HEADER = 0x10;
    uint8 internal constant BINDING = 0x11;

    /// @dev The RFC 9162 leaf hash of a document: SHA-256(0x00 | SHA-256(type | content)). Always computed here from the
    /// document itself, never taken from a stranger.
    /// Assembly, because `sha256(abi.encodePacked(...))` copies a document twice.
    function leaf(uint8 kind, bytes calldata content) internal view returns (bytes32 hash) {
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore8(buffer, kind)
            calldatacopy(add(buffer, 1), content.offset, content.length)
            // The precompile fails only when it runs out of gas, and then so does everything.
            if iszero(staticcall(gas(), 2, buffer, add(content.length, 1), add(buffer, 1), 32)) {
                revert(0, 0)
            }
            mstore8(buffer, 0)
            if iszero(staticcall(gas(), 2, buffer, 33, 0, 32)) { revert(0, 0) }
            hash := mload(0)
        }
    }
}
