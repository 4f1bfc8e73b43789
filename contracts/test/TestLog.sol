// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {longerBy, split} from "./ProofParts.sol";

/// @title A log that makes its proofs by the recursive definitions of RFC 9162
/// @notice Slow and plain on purpose: sections 2.1.1 (root), 2.1.3.1 (PATH) and 2.1.4.1 (PROOF), which share nothing with
/// the iterative verifiers that it judges.
contract TestLog {
    bytes32[] public leaves;

    function append(bytes32 entry) public {
        leaves.push(sha256(abi.encodePacked(bytes1(0), entry)));
    }

    function size() public view returns (uint64) {
        return uint64(leaves.length);
    }

    function root(uint256 n) public view returns (bytes32) {
        return _root(0, n);
    }

    function inclusion(uint256 index, uint256 n) public view returns (bytes32[] memory) {
        return _path(index, 0, n);
    }

    function consistency(uint256 m, uint256 n) public view returns (bytes32[] memory) {
        if (m == 0 || m == n) return new bytes32[](0);
        return _subproof(m, 0, n, true);
    }

    function _root(uint256 from, uint256 to) private view returns (bytes32) {
        if (to == from) return sha256("");
        if (to - from == 1) return leaves[from];
        uint256 k = split(to - from);
        return sha256(abi.encodePacked(bytes1(0x01), _root(from, from + k), _root(from + k, to)));
    }

    function _path(uint256 index, uint256 from, uint256 to) private view returns (bytes32[] memory) {
        if (to - from == 1) return new bytes32[](0);
        uint256 k = split(to - from);
        return index < k
            ? longerBy(_path(index, from, from + k), _root(from + k, to))
            : longerBy(_path(index - k, from + k, to), _root(from, from + k));
    }

    function _subproof(uint256 m, uint256 from, uint256 to, bool complete) private view returns (bytes32[] memory) {
        if (m == to - from) return complete ? new bytes32[](0) : longerBy(new bytes32[](0), _root(from, to));
        uint256 k = split(to - from);
        return m <= k
            ? longerBy(_subproof(m, from, from + k, complete), _root(from + k, to))
            : longerBy(_subproof(m - k, from + k, to, false), _root(from, from + k));
    }
}
