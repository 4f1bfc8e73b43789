// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {longerBy, split} from "./ProofParts.sol";

/// @title A log of any size whose leaves nobody has to hold
/// @notice The recursive definitions of RFC 9162 (sections 2.1.1 and 2.1.4.1) over made-up hashes: a complete subtree that
/// the older size does not cut is one hash, drawn from its place. Everything above it is hashed for real, so roots and
/// proofs have the shape and the cost of those of a log of that size.
library SparseLog {
    /// @dev The root of the first `n` leaves, for a proof from the first `m`.
    function root(uint256 n, uint256 m) internal pure returns (bytes32) {
        return _root(0, n, m);
    }

    /// @dev PROOF(m, D[n]) for 0 < m < n.
    function consistency(uint256 m, uint256 n) internal pure returns (bytes32[] memory) {
        return _subproof(m, 0, n, true, m);
    }

    function _root(uint256 from, uint256 to, uint256 cut) private pure returns (bytes32) {
        uint256 span = to - from;
        if (span & (span - 1) == 0 && from % span == 0 && (to <= cut || from >= cut)) {
            return keccak256(abi.encode(from, to));
        }
        uint256 k = split(span);
        return sha256(abi.encodePacked(bytes1(0x01), _root(from, from + k, cut), _root(from + k, to, cut)));
    }

    function _subproof(uint256 m, uint256 from, uint256 to, bool complete, uint256 cut)
        private
        pure
        returns (bytes32[] memory)
    {
        if (m == to - from) return complete ? new bytes32[](0) : longerBy(new bytes32[](0), _root(from, to, cut));
        uint256 k = split(to - from);
        return m <= k
            ? longerBy(_subproof(m, from, from + k, complete, cut), _root(from + k, to, cut))
            : longerBy(_subproof(m - k, from + k, to, false, cut), _root(from, from + k, cut));
    }
}
