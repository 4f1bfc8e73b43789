// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

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
        // Below `inner` the path runs in a complete subtree, and a bit of the index says on which side the node stands.
        // From there on it runs along the right edge, where each bit that is set is a level with a sibling to the left.
        uint256 fork = index ^ (size - 1);
        uint256 inner = fork == 0 ? 0 : Math.log2(fork) + 1;
        uint256 levels = inner;
        for (uint256 edge = index >> inner; edge != 0; edge &= edge - 1) {
            ++levels;
        }
        if (proof.length > levels) revert ProofTooLong(proof.length);
        if (proof.length < levels) revert ProofTooShort(proof.length);
        bytes32 computed = _climb(leaf, index | type(uint256).max << inner, proof);
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
        uint256 fn = size1 - 1;
        uint256 sn = size2 - 1;
        while (fn & 1 == 1) {
            fn >>= 1;
            sn >>= 1;
        }
        // A tree of 2^k leaves is itself a node of the larger tree: its root starts the path and isn't sent.
        bool perfect = size1 & (size1 - 1) == 0;
        (bytes32 old, bytes32 young) = _climbBoth(perfect ? root1 : proof[0], fn, sn, proof, perfect ? 0 : 1);
        if (old != root1) revert OldRootMismatch(old, root1);
        if (young != root2) revert RootMismatch(young, root2);
    }

    /// @dev The root over `computed` and the siblings of `proof`; bit i of `sides` is 1 where the node stands to the right
    /// of proof[i]. A node is SHA-256(0x01 | left | right), by the precompile at address 2. Assembly, because written in
    /// Solidity each level costs 340 to 400 gas beside its hash.
    function _climb(bytes32 computed, uint256 sides, bytes32[] calldata proof) private view returns (bytes32 root) {
        assembly ("memory-safe") {
            root := computed
            let buffer := mload(0x40)
            let left := add(buffer, 1)
            let right := add(buffer, 33)
            mstore8(buffer, 1)
            let hashed := 1
            let end := add(proof.offset, shl(5, proof.length))
            for { let sibling := proof.offset } lt(sibling, end) { sibling := add(sibling, 32) } {
                let shift := shl(5, and(sides, 1))
                mstore(add(left, shift), root)
                mstore(sub(right, shift), calldataload(sibling))
                hashed := and(hashed, staticcall(gas(), 2, buffer, 65, 0, 32))
                root := mload(0)
                sides := shr(1, sides)
            }
            // The precompile fails only when it runs out of gas, and then so does everything.
            if iszero(hashed) { revert(0, 0) }
        }
    }

    /// @dev From `start`, the node `fn` of a level whose last node is `sn`, to the root, by the hashes of `proof` from
    /// `first` on. `young` is the root of the whole tree; `old` that of the tree which ends with `start`, so that it has the
    /// left siblings alone. As long as no right one was met the two are the same, and are hashed once.
    function _climbBoth(bytes32 start, uint256 fn, uint256 sn, bytes32[] calldata proof, uint256 first)
        private
        view
        returns (bytes32 old, bytes32 young)
    {
        assembly ("memory-safe") {
            old := start
            young := start
            let buffer := mload(0x40)
            let right := add(buffer, 33)
            mstore8(buffer, 1)
            let hashed := 1
            let end := add(proof.offset, shl(5, proof.length))
            for { proof.offset := add(proof.offset, shl(5, first)) } lt(proof.offset, end) {
                proof.offset := add(proof.offset, 32)
            } {
                // The root is reached and the proof goes on: an index that no node has says so.
                if iszero(sn) {
                    sn := not(0)
                    break
                }
                switch or(and(fn, 1), eq(fn, sn))
                case 0 {
                    mstore(add(buffer, 1), young)
                    mstore(right, calldataload(proof.offset))
                    hashed := and(hashed, staticcall(gas(), 2, buffer, 65, 0, 32))
                    young := mload(0)
                }
                default {
                    mstore(add(buffer, 1), calldataload(proof.offset))
                    mstore(right, young)
                    hashed := and(hashed, staticcall(gas(), 2, buffer, 65, 0, 32))
                    let parent := mload(0)
                    if iszero(eq(old, young)) {
                        mstore(right, old)
                        hashed := and(hashed, staticcall(gas(), 2, buffer, 65, 0, 32))
                    }
                    old := mload(0)
                    young := parent
                    // The last node of a level may stand alone; it moves up unchanged until it has a sibling.
                    for {} iszero(or(and(fn, 1), iszero(fn))) {} {
                        fn := shr(1, fn)
                        sn := shr(1, sn)
                    }
                }
                fn := shr(1, fn)
                sn := shr(1, sn)
            }
            // The precompile fails only when it runs out of gas, and then so does everything.
            if iszero(hashed) { revert(0, 0) }
        }
        if (sn == type(uint256).max) revert ProofTooLong(proof.length);
        if (sn != 0) revert ProofTooShort(proof.length);
    }
}
