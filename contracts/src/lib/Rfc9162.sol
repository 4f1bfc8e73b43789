// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Proofs of an RFC 9162 log (SHA-256)
/// @notice The algorithms of RFC 9162 sections 2.1.3.2 (inclusion) and 2.1.4.2 (consistency), step by step. A
/// verification either returns, or reverts with the two values that differ; there is no result to forget.
/// Leaf hashes carry the prefix 0x00 and nodes the prefix 0x01, so a node can never be offered as a leaf: callers
/// therefore hash the entry themselves and never take a leaf hash from a stranger.
library Rfc9162 {
    /// @notice There is no leaf `index` in a tree of `size` leaves.
    error LeafOutsideTree(uint256 index, uint256 size);
    /// @notice The proof has more hashes than the tree has levels.
    error ProofTooLong(uint256 length);
    /// @notice The proof ends before it reaches the root.
    error ProofTooShort(uint256 length);
    /// @notice The proof leads to another root than the one given.
    error RootMismatch(bytes32 computed, bytes32 expected);
    /// @notice The proof does not rebuild the older root, so the older tree is not a prefix of the newer one.
    error OldRootMismatch(bytes32 computed, bytes32 expected);
    /// @notice A consistency proof leads from a tree that has leaves to one that is at least as large.
    error SizesInvalid(uint256 size1, uint256 size2);

    /// @dev The root of a log without entries: SHA-256 of nothing (RFC 9162, 2.1.1).
    bytes32 internal constant EMPTY_ROOT = 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855;

    /// @dev The hash of a leaf: SHA-256(0x00 | entry).
    function leafHash(bytes memory entry) internal pure returns (bytes32) {
        return sha256(bytes.concat(bytes1(0), entry));
    }

    /// @dev Reverts unless `leaf` is the leaf hash at `index` of the tree of `size` leaves with this `root`.
    function verifyInclusion(bytes32 leaf, uint256 index, uint256 size, bytes32 root, bytes32[] calldata proof)
        internal
        view
    {
        if (index >= size) revert LeafOutsideTree(index, size);
        uint256 fn = index;
        uint256 sn = size - 1;
        bytes32 computed = leaf;
        for (uint256 i = 0; i < proof.length; ++i) {
            if (sn == 0) revert ProofTooLong(proof.length);
            if (fn & 1 == 1 || fn == sn) {
                computed = _node(proof[i], computed);
                while (fn & 1 == 0 && fn != 0) {
                    fn >>= 1;
                    sn >>= 1;
                }
            } else {
                computed = _node(computed, proof[i]);
            }
            fn >>= 1;
            sn >>= 1;
        }
        if (sn != 0) revert ProofTooShort(proof.length);
        if (computed != root) revert RootMismatch(computed, root);
    }

    /// @dev Reverts unless the tree (`size1`, `root1`) is a prefix of the tree (`size2`, `root2`). RFC 9162 asks for
    /// 0 < size1 < size2; equal sizes need no hashes, only equal roots. From an empty tree there is nothing to prove, and
    /// a caller who has one must say what that means.
    function verifyConsistency(uint256 size1, bytes32 root1, uint256 size2, bytes32 root2, bytes32[] calldata proof)
        internal
        view
    {
        if (size1 == 0 || size1 > size2) revert SizesInvalid(size1, size2);
        if (size1 == size2) {
            if (proof.length != 0) revert ProofTooLong(proof.length);
            if (root1 != root2) revert RootMismatch(root2, root1);
            return;
        }
        if (proof.length == 0) revert ProofTooShort(0);
        _verifyGrowth(size1, root1, size2, root2, proof);
    }

    /// @dev RFC 9162, 2.1.4.2, from its step 2 on; 0 < size1 < size2 and the proof is not empty.
    function _verifyGrowth(uint256 size1, bytes32 root1, uint256 size2, bytes32 root2, bytes32[] calldata proof)
        private
        view
    {
        // A tree of 2^k leaves is itself a node of the larger tree: its root starts the path and isn't sent.
        bool perfect = size1 & (size1 - 1) == 0;
        uint256 fn = size1 - 1;
        uint256 sn = size2 - 1;
        while (fn & 1 == 1) {
            fn >>= 1;
            sn >>= 1;
        }
        bytes32 old = perfect ? root1 : proof[0];
        bytes32 young = old;
        for (uint256 i = perfect ? 0 : 1; i < proof.length; ++i) {
            if (sn == 0) revert ProofTooLong(proof.length);
            bytes32 sibling = proof[i];
            if (fn & 1 == 1 || fn == sn) {
                old = _node(sibling, old);
                young = _node(sibling, young);
                while (fn & 1 == 0 && fn != 0) {
                    fn >>= 1;
                    sn >>= 1;
                }
            } else {
                young = _node(young, sibling);
            }
            fn >>= 1;
            sn >>= 1;
        }
        if (sn != 0) revert ProofTooShort(proof.length);
        if (old != root1) revert OldRootMismatch(old, root1);
        if (young != root2) revert RootMismatch(young, root2);
    }

    /// @dev SHA-256(0x01 | left | right) by the precompile at address 2. Assembly, because `sha256(bytes.concat(...))`
    /// copies the 65 bytes twice and this is the inner loop.
    function _node(bytes32 left, bytes32 right) private view returns (bytes32 hash) {
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore8(buffer, 1)
            mstore(add(buffer, 1), left)
            mstore(add(buffer, 33), right)
            // The precompile fails only when it runs out of gas, and then so does everything.
            if iszero(staticcall(gas(), 2, buffer, 65, 0, 32)) { revert(0, 0) }
            hash := mload(0)
        }
    }
}
