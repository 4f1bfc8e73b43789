// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LogEntry} from "../src/lib/LogEntry.sol";
import {Sha256} from "../src/lib/Sha256.sol";
import {Checks} from "./Vm.sol";

/// @title Hashes of documents, and what becomes of one that can't be paid for
/// @notice Of a long document the precompile costs so much that the 64th of the gas that stays with the caller (EIP-150) is
/// enough to go on with: what lies in memory then is no hash.
contract Sha256Test is Checks {
    /// @dev Hashing 65,536 bytes costs 24,636; to copy them there, about 20,700.
    uint256 private constant SIZE = 65_536;
    uint256 private constant COPIED_BUT_NOT_HASHED = 35_000;

    bytes private _document = new bytes(SIZE);

    function leaf(bytes calldata content) external view returns (bytes32) {
        return LogEntry.leaf(LogEntry.HEADER, content);
    }

    function slice(bytes calldata data, uint256 offset, uint256 length) external view returns (bytes32) {
        return Sha256.slice(data, offset, length);
    }

    function test_a_slice_is_hashed_and_nothing_around_it() public view {
        assertEq(this.slice("two words", 4, 5), sha256("words"), "a slice");
        assertEq(this.slice("", 0, 0), sha256(""), "nothing");
    }

    function test_a_hash_that_cannot_be_paid_for_is_none() public {
        bytes memory document = _document;
        assertEq(this.slice(document, 0, SIZE), sha256(document), "with gas enough");
        vm.expectRevert(bytes(""));
        this.slice{gas: COPIED_BUT_NOT_HASHED}(document, 0, SIZE);
        bytes32 inner = sha256(bytes.concat(hex"10", document));
        assertEq(this.leaf(document), sha256(bytes.concat(hex"00", inner)), "with gas enough");
        vm.expectRevert(bytes(""));
        this.leaf{gas: COPIED_BUT_NOT_HASHED}(document);
    }
}
