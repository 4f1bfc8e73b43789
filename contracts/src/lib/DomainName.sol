// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The name of an EIP-712 domain, which has at most 31 bytes here
/// @notice OpenZeppelin keeps it in one word and refuses a longer one, but ten Chinese characters are 30 bytes already:
/// the name of an asset may be longer than that. A wallet reads the domain's name from `eip712Domain()` (EIP-5267).
library DomainName {
    uint256 internal constant MAX = 31;

    /// @dev `name`, or as many whole UTF-8 characters of its beginning as fit.
    function fit(string memory name) internal pure returns (string memory) {
        bytes memory whole = bytes(name);
        if (whole.length <= MAX) return name;
        uint256 length = MAX;
        // A byte 10xxxxxx continues the character before it.
        while (length != 0 && whole[length] & 0xc0 == 0x80) {
            --length;
        }
        bytes memory cut = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            cut[i] = whole[i];
        }
        return string(cut);
    }
}
