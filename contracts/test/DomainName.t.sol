// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AssetShare} from "../src/AssetShare.sol";
import {DomainName} from "../src/lib/DomainName.sol";
import {Fixture} from "./Fixture.sol";

/// @title The permit domain of a share whose name is longer than a word
contract DomainNameTest is Fixture {
    function test_a_name_of_thirty_one_bytes_is_the_domain_and_one_of_thirty_two_loses_its_last() public pure {
        assertEq(DomainName.fit(""), "", "empty");
        assertEq(DomainName.fit("1234567890123456789012345678901"), "1234567890123456789012345678901", "31");
        assertEq(DomainName.fit("12345678901234567890123456789012"), "1234567890123456789012345678901", "32");
    }

    function test_a_name_is_cut_between_characters() public pure {
        // Three bytes a character: the eleventh would end at byte 33.
        assertEq(
            DomainName.fit(unicode"香港屋頂太陽能發電站一號"),
            unicode"香港屋頂太陽能發電站",
            "three bytes each"
        );
        assertEq(DomainName.fit(unicode"123456789012345678901234567890é"), "123456789012345678901234567890", "two");
        assertEq(
            DomainName.fit(unicode"1234567890123456789012345678☀☀"),
            unicode"1234567890123456789012345678☀",
            "fits"
        );
    }

    function test_bytes_that_are_no_text_end() public pure {
        bytes memory odd = new bytes(40);
        for (uint256 i = 0; i < odd.length; ++i) {
            odd[i] = 0x80;
        }
        assertEq(DomainName.fit(string(odd)), "", "no character begins");
    }

    function testFuzz_the_domain_is_the_beginning_of_the_name(string memory name) public pure {
        bytes memory whole = bytes(name);
        bytes memory cut = bytes(DomainName.fit(name));
        assertAtMost(cut.length, 31, "fits a word");
        for (uint256 i = 0; i < cut.length; ++i) {
            assertEq(uint8(cut[i]), uint8(whole[i]), "its beginning");
        }
        // forge draws valid UTF-8, where a character has at most four bytes.
        assertTrue(cut.length == whole.length || cut.length >= 28, "no more is lost than a character");
    }

    function test_a_share_may_have_a_long_name_and_its_domain_says_what_to_sign() public {
        deploy();
        string memory name = unicode"香港屋頂太陽能收益憑證 Series A 2026";
        address[] memory nobody;
        AssetShare long = new AssetShare(name, "LONG", gate, UTC_OFFSET, nobody, address(manager));
        assertEq(long.name(), name, "the name is whole");
        (, string memory domain,, uint256 chain, address target,,) = long.eip712Domain();
        assertEq(domain, unicode"香港屋頂太陽能收益憑", "the domain is its beginning");

        uint256 key = 0x0471;
        bytes32 separator = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(domain)),
                keccak256("1"),
                chain,
                target
            )
        );
        assertEq(long.DOMAIN_SEPARATOR(), separator, "separator");
        bytes32 message = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                vm.addr(key),
                BOB,
                uint256(4),
                uint256(0),
                block.timestamp
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked(hex"1901", separator, message)));
        long.permit(vm.addr(key), BOB, 4, block.timestamp, v, r, s);
        assertEq(long.allowance(vm.addr(key), BOB), 4, "a permit signed for that domain holds");
    }
}
