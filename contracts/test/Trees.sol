// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Wire} from "./Wire.sol";

/// @title Roots by RFC 9162's recursive definition, and the sum tree of spec/settlement.md; for the vectors, not for the chain
library Trees {
    /// @dev A subtree of the sum tree: how many leaves, their energies in Wh, and its hash.
    struct Sum {
        uint256 count;
        uint256 exported;
        uint256 imported;
        bytes32 hash;
    }

    /// @dev The largest power of two below `size`, which is at least 2.
    function _split(uint256 size) private pure returns (uint256 k) {
        k = 1;
        while (k * 2 < size) k *= 2;
    }

    /// @dev The root over the leaf hashes from `from` up to, not including, `to`.
    function root(bytes32[] memory hashes, uint256 from, uint256 to) internal pure returns (bytes32) {
        if (from == to) return sha256("");
        if (to - from == 1) return hashes[from];
        uint256 k = from + _split(to - from);
        return sha256(abi.encodePacked(bytes1(0x01), root(hashes, from, k), root(hashes, k, to)));
    }

    function _written(Sum memory node) private pure returns (bytes memory) {
        Wire.well(node.count <= Wire.U64_MAX && node.exported <= Wire.U64_MAX && node.imported <= Wire.U64_MAX);
        return abi.encodePacked(uint64(node.count), uint64(node.exported), uint64(node.imported), node.hash);
    }

    function sumLeaf(string memory point, uint256 exported, uint256 imported) internal pure returns (Sum memory) {
        bytes memory name = bytes(point);
        // The padding's zeros belong to the field, never to the name.
        Wire.well(Wire.checkText(name, false) == name.length);
        Wire.well(exported <= Wire.U64_MAX && imported <= Wire.U64_MAX);
        bytes32 hash = sha256(
            abi.encodePacked(bytes1(0x02), name, new bytes(32 - name.length), uint64(exported), uint64(imported))
        );
        return Sum(1, exported, imported, hash);
    }

    /// @dev A parent hashes each child's sums beside that child's hash (ePrint 2018/1139 says why).
    function sumParent(Sum memory left, Sum memory right) internal pure returns (Sum memory node) {
        node.count = left.count + right.count;
        node.exported = left.exported + right.exported;
        node.imported = left.imported + right.imported;
        Wire.well(node.exported <= Wire.U64_MAX && node.imported <= Wire.U64_MAX);
        node.hash = sha256(abi.encodePacked(bytes1(0x03), _written(left), _written(right)));
    }

    function sumRootHash(Sum memory node) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x03), _written(node)));
    }

    function sumRoot(Sum[] memory nodes, uint256 from, uint256 to) internal pure returns (Sum memory) {
        Wire.well(from < to);
        if (to - from == 1) return nodes[from];
        uint256 k = from + _split(to - from);
        return sumParent(sumRoot(nodes, from, k), sumRoot(nodes, k, to));
    }

    /// @dev Returns the root node, with the totals that the root commits to.
    function openSum(Sum memory node, uint256 index, uint256 size, Sum[] memory proof, bytes32 stated)
        internal
        pure
        returns (Sum memory)
    {
        Wire.demand(index < size && proof.length <= 64, "bad-proof");
        uint256 sn = size - 1;
        for (uint256 i = 0; i < proof.length; ++i) {
            Wire.demand(sn != 0, "bad-proof");
            if (index & 1 == 1 || index == sn) {
                node = sumParent(proof[i], node);
                while (index & 1 == 0 && index != 0) {
                    index >>= 1;
                    sn >>= 1;
                }
            } else {
                node = sumParent(node, proof[i]);
            }
            index >>= 1;
            sn >>= 1;
        }
        Wire.demand(sn == 0 && node.count == size, "bad-proof");
        Wire.demand(sumRootHash(node) == stated, "root-mismatch");
        return node;
    }
}
