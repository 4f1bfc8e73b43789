// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rfc9162} from "../src/lib/Rfc9162.sol";
import {TestLog} from "./TestLog.sol";
import {Checks} from "./Vm.sol";

/// @dev The library's functions take calldata, so they are reached through a contract.
contract Rfc9162Caller {
    function inclusion(bytes32 leaf, uint256 index, uint256 size, bytes32 root, bytes32[] calldata proof)
        external
        view
    {
        Rfc9162.verifyInclusion(leaf, index, size, root, proof);
    }

    function consistency(uint256 size1, bytes32 root1, uint256 size2, bytes32 root2, bytes32[] calldata proof)
        external
        view
    {
        Rfc9162.verifyConsistency(size1, root1, size2, root2, proof);
    }

    function leafHash(bytes calldata entry) external pure returns (bytes32) {
        return Rfc9162.leafHash(entry);
    }
}

contract Rfc9162Test is Checks {
    uint256 private constant SIZE = 33;

    Rfc9162Caller private caller;
    TestLog private log;
    bytes32[] private none;

    function setUp() public {
        caller = new Rfc9162Caller();
        log = new TestLog();
        for (uint256 i = 0; i < SIZE; ++i) {
            log.append(bytes32(i));
        }
    }

    function _cut(bytes32[] memory proof) private pure returns (bytes32[] memory shorter) {
        shorter = new bytes32[](proof.length - 1);
        for (uint256 i = 0; i < shorter.length; ++i) {
            shorter[i] = proof[i];
        }
    }

    function _extend(bytes32[] memory proof, bytes32 extra) private pure returns (bytes32[] memory longer) {
        longer = new bytes32[](proof.length + 1);
        for (uint256 i = 0; i < proof.length; ++i) {
            longer[i] = proof[i];
        }
        longer[proof.length] = extra;
    }

    function _refuses(bytes memory call) private view returns (bool) {
        (bool done,) = address(caller).staticcall(call);
        return !done;
    }

    function test_the_hashes_of_nothing() public view {
        assertEq(Rfc9162.EMPTY_ROOT, sha256(""), "root of the empty log");
        assertEq(caller.leafHash(""), sha256(hex"00"), "leaf hash of the empty entry");
    }

    function test_every_leaf_of_every_size_up_to_33_is_proven() public view {
        for (uint256 size = 1; size <= SIZE; ++size) {
            bytes32 root = log.root(size);
            for (uint256 index = 0; index < size; ++index) {
                caller.inclusion(log.leaves(index), index, size, root, log.inclusion(index, size));
            }
        }
    }

    function test_every_pair_of_sizes_up_to_17_is_consistent() public view {
        for (uint256 size2 = 1; size2 <= 17; ++size2) {
            for (uint256 size1 = 1; size1 <= size2; ++size1) {
                caller.consistency(size1, log.root(size1), size2, log.root(size2), log.consistency(size1, size2));
            }
        }
    }

    function testFuzz_a_damaged_inclusion_proof_is_refused(uint256 size, uint256 index, uint256 where, uint8 bit)
        public
        view
    {
        size = bound(size, 2, SIZE);
        index = bound(index, 0, size - 1);
        bytes32[] memory proof = log.inclusion(index, size);
        bytes32 leaf = log.leaves(index);
        bytes32 root = log.root(size);
        caller.inclusion(leaf, index, size, root, proof);

        bytes4 verb = Rfc9162Caller.inclusion.selector;
        assertTrue(_refuses(abi.encodeWithSelector(verb, leaf, index, size, root, _cut(proof))), "cut");
        assertTrue(_refuses(abi.encodeWithSelector(verb, leaf, index, size, root, _extend(proof, leaf))), "extended");
        assertTrue(_refuses(abi.encodeWithSelector(verb, leaf, (index + 1) % size, size, root, proof)), "another index");
        assertTrue(_refuses(abi.encodeWithSelector(verb, root, index, size, root, proof)), "another leaf");
        proof[where % proof.length] ^= bytes32(uint256(1) << bit);
        assertTrue(_refuses(abi.encodeWithSelector(verb, leaf, index, size, root, proof)), "a flipped bit");
    }

    function testFuzz_a_damaged_consistency_proof_is_refused(uint256 size1, uint256 size2, uint256 where, uint8 bit)
        public
        view
    {
        size2 = bound(size2, 2, SIZE);
        size1 = bound(size1, 1, size2 - 1);
        bytes32[] memory proof = log.consistency(size1, size2);
        bytes32 root1 = log.root(size1);
        bytes32 root2 = log.root(size2);
        caller.consistency(size1, root1, size2, root2, proof);

        bytes4 verb = Rfc9162Caller.consistency.selector;
        assertTrue(_refuses(abi.encodeWithSelector(verb, size1, root1, size2, root2, _cut(proof))), "cut");
        assertTrue(_refuses(abi.encodeWithSelector(verb, size1, root1, size2, root2, _extend(proof, 0))), "extended");
        assertTrue(_refuses(abi.encodeWithSelector(verb, size1, root2, size2, root2, proof)), "another old root");
        assertTrue(_refuses(abi.encodeWithSelector(verb, size1, root1, size2, root1, proof)), "another new root");
        proof[where % proof.length] ^= bytes32(uint256(1) << bit);
        assertTrue(_refuses(abi.encodeWithSelector(verb, size1, root1, size2, root2, proof)), "a flipped bit");
    }

    function test_each_refusal_says_what_is_wrong() public {
        bytes32 root = log.root(5);
        bytes32 leaf = log.leaves(2);
        bytes32[] memory proof = log.inclusion(2, 5);
        vm.expectRevert(abi.encodeWithSelector(Rfc9162.LeafOutsideTree.selector, 5, 5));
        caller.inclusion(leaf, 5, 5, root, proof);
        vm.expectRevert(abi.encodeWithSelector(Rfc9162.LeafOutsideTree.selector, 0, 0));
        caller.inclusion(leaf, 0, 0, root, none);
        vm.expectRevert(abi.encodeWithSelector(Rfc9162.ProofTooShort.selector, 2));
        caller.inclusion(leaf, 2, 5, root, _cut(proof));
        vm.expectRevert(abi.encodeWithSelector(Rfc9162.ProofTooLong.selector, 4));
        caller.inclusion(leaf, 2, 5, root, _extend(proof, 0));
        vm.expectRevert(abi.encodeWithSelector(Rfc9162.RootMismatch.selector, root, leaf));
        caller.inclusion(leaf, 2, 5, leaf, proof);

        proof = log.consistency(3, 5);
        bytes32 old = log.root(3);
        vm.expectRevert(abi.encodeWithSelector(Rfc9162.SizesInvalid.selector, 5, 3));
        caller.consistency(5, root, 3, old, proof);
        vm.expectRevert(abi.encodeWithSelector(Rfc9162.ProofTooShort.selector, 0));
        caller.consistency(3, old, 5, root, none);
        vm.expectRevert(abi.encodeWithSelector(Rfc9162.ProofTooShort.selector, proof.length - 1));
        caller.consistency(3, old, 5, root, _cut(proof));
        vm.expectRevert(abi.encodeWithSelector(Rfc9162.ProofTooLong.selector, proof.length + 1));
        caller.consistency(3, old, 5, root, _extend(proof, 0));
        vm.expectRevert(abi.encodeWithSelector(Rfc9162.OldRootMismatch.selector, old, root));
        caller.consistency(3, root, 5, root, proof);
        vm.expectRevert(abi.encodeWithSelector(Rfc9162.RootMismatch.selector, root, old));
        caller.consistency(3, old, 5, old, proof);
        // Equal sizes need no hashes, and take none.
        vm.expectRevert(abi.encodeWithSelector(Rfc9162.ProofTooLong.selector, proof.length));
        caller.consistency(5, root, 5, root, proof);
        vm.expectRevert(abi.encodeWithSelector(Rfc9162.RootMismatch.selector, root, old));
        caller.consistency(5, old, 5, root, none);
        vm.expectRevert(abi.encodeWithSelector(Rfc9162.SizesInvalid.selector, 0, 5));
        caller.consistency(0, Rfc9162.EMPTY_ROOT, 5, root, none);
    }

    function test_a_node_offered_as_a_leaf_does_not_hash_to_itself() public view {
        bytes32 node = log.root(2);
        bytes memory children = abi.encodePacked(log.leaves(0), log.leaves(1));
        assertTrue(caller.leafHash(children) != node, "the prefixes keep leaves and nodes apart");
    }
}
