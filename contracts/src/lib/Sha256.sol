// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title SHA-256 of documents in calldata
/// @notice `sha256(data[from:to])` keeps the copy that it makes in memory; here the next hash overwrites it.
library Sha256 {
    /// @dev SHA-256 of `length` bytes at `offset` of `data`, which has them.
    function slice(bytes calldata data, uint256 offset, uint256 length) internal view returns (bytes32 hash) {
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            calldatacopy(buffer, add(data.offset, offset), length)
            // The precompile fails only when it runs out of gas, and then so does everything.
            if iszero(staticcall(gas(), 2, buffer, length, 0, 32)) { revert(0, 0) }
            hash := mload(0)
        }
    }
}
