// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// What every recursive definition of RFC 9162 needs.

/// @dev The largest power of two below n.
function split(uint256 n) pure returns (uint256 k) {
    k = 1;
    while (k * 2 < n) k *= 2;
}

/// @dev A proof with one hash more.
function longerBy(bytes32[] memory proof, bytes32 last) pure returns (bytes32[] memory longer) {
    longer = new bytes32[](proof.length + 1);
    for (uint256 i = 0; i < proof.length; ++i) {
        longer[i] = proof[i];
    }
    longer[proof.length] = last;
}
