// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

import {IERC7943} from "../src/interfaces/IERC7943.sol";
import {Fixture} from "./Fixture.sol";

/// @title EIP-2612: an allowance by signature
contract AssetSharePermitTest is Fixture {
    uint256 private constant OWNER_KEY = 0x0471;
    address private _owner;

    function setUp() public {
        deploy();
        _owner = vm.addr(OWNER_KEY);
        allow(_owner, true);
        mint(_owner, 10);
    }

    /// @dev The digest put together word by word from the text of EIP-712 and EIP-2612, with nothing of the contract's.
    function _digest(address spender, uint256 value, uint256 nonce, uint256 deadline) private view returns (bytes32) {
        bytes32 domain = keccak256(
            bytes.concat(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Sun on five roofs"),
                keccak256("1"),
                bytes32(block.chainid),
                bytes32(uint256(uint160(address(share))))
            )
        );
        bytes32 message = keccak256(
            bytes.concat(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                bytes32(uint256(uint160(_owner))),
                bytes32(uint256(uint160(spender))),
                bytes32(value),
                bytes32(nonce),
                bytes32(deadline)
            )
        );
        return keccak256(bytes.concat(hex"1901", domain, message));
    }

    function test_the_type_hash_and_the_domain_are_those_of_the_standard() public view {
        // keccak256 of the type string, as EIP-2612 prints it.
        bytes32 published = 0x6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9;
        bytes32 computed =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        assertEq(computed, published, "type hash");
        (, string memory name, string memory version, uint256 chain, address target,,) = share.eip712Domain();
        assertEq(name, "Sun on five roofs", "name");
        assertEq(version, "1", "version");
        assertEq(chain, block.chainid, "chain");
        assertEq(target, address(share), "contract");
    }

    function test_a_signature_made_by_hand_gives_an_allowance_that_moves_shares() public {
        uint256 deadline = block.timestamp;
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(OWNER_KEY, _digest(BOB, 4, 0, deadline));
        vm.prank(STRANGER);
        share.permit(_owner, BOB, 4, deadline, v, r, s);
        assertEq(share.allowance(_owner, BOB), 4, "allowance");
        assertEq(share.nonces(_owner), 1, "used");
        vm.prank(BOB);
        share.transferFrom(_owner, CAT, 4);
        assertEq(share.balanceOf(CAT), 4, "moved");

        vm.expectRevert();
        share.permit(_owner, BOB, 4, deadline, v, r, s);
        (v, r, s) = vm.sign(OWNER_KEY, _digest(BOB, 1, 1, deadline));
        share.permit(_owner, BOB, 1, deadline, v, r, s);
        assertEq(share.nonces(_owner), 2, "the next nonce");
    }

    function test_a_late_permit_and_one_of_another_signer_are_refused() public {
        uint256 deadline = block.timestamp - 1;
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(OWNER_KEY, _digest(BOB, 4, 0, deadline));
        vm.expectRevert(abi.encodeWithSelector(ERC20Permit.ERC2612ExpiredSignature.selector, deadline));
        share.permit(_owner, BOB, 4, deadline, v, r, s);

        deadline = block.timestamp;
        (v, r, s) = vm.sign(STRANGER_KEY, _digest(BOB, 4, 0, deadline));
        vm.expectRevert(
            abi.encodeWithSelector(ERC20Permit.ERC2612InvalidSigner.selector, vm.addr(STRANGER_KEY), _owner)
        );
        share.permit(_owner, BOB, 4, deadline, v, r, s);
    }

    function test_a_permit_moves_nothing_that_is_frozen_or_not_allowed() public {
        uint256 deadline = block.timestamp;
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(OWNER_KEY, _digest(BOB, 10, 0, deadline));
        share.permit(_owner, BOB, 10, deadline, v, r, s);
        vm.prank(COMPLIANCE);
        share.setFrozenTokens(_owner, 8);
        vm.expectRevert(abi.encodeWithSelector(IERC7943.ERC7943InsufficientUnfrozenBalance.selector, _owner, 3, 2));
        vm.prank(BOB);
        share.transferFrom(_owner, BOB, 3);
        vm.expectRevert(abi.encodeWithSelector(IERC7943.ERC7943CannotReceive.selector, STRANGER));
        vm.prank(BOB);
        share.transferFrom(_owner, STRANGER, 1);
    }
}
