// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {IOperators} from "../../src/interfaces/IOperators.sol";
import {IRevenueDistributor} from "../../src/interfaces/IRevenueDistributor.sol";
import {PayoutFixture} from "./PayoutFixture.sol";

/// @title A holder without a key, who approves one digest (ERC-1271)
contract Wallet is IERC1271 {
    bytes32 public approved;

    function approve(bytes32 digest) external {
        approved = digest;
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return digest == approved ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}

/// @title Operators: claims for somebody else, and their signed approval
contract OperatorsTest is PayoutFixture {
    uint256 private constant KEY = 0xD00D;
    address private constant KEEPER = address(0x4EE9);

    address private _signer;

    function setUp() public override {
        super.setUp();
        _signer = vm.addr(KEY);
        allow(_signer, true);
        move(ANN, _signer, 60);
        bring(1, 3_000);
    }

    function _approve(address holder, bool approved) private {
        vm.prank(holder);
        assertTrue(distributor.setOperator(KEEPER, approved), "as the standard wants it");
    }

    function _claimFor(address holder) private returns (uint256) {
        vm.prank(KEEPER);
        return distributor.claimFor(holder, 1);
    }

    function test_an_operator_claims_and_the_holder_is_paid() public {
        vm.expectEmit(address(distributor));
        emit IOperators.OperatorSet(BOB, KEEPER, true);
        _approve(BOB, true);
        assertTrue(distributor.isOperator(BOB, KEEPER), "approved");
        vm.expectEmit(address(distributor));
        emit IRevenueDistributor.Paid(BOB, BOB, 1_200, 1);
        assertEq(_claimFor(BOB), 1_200, "claimed");
        assertEq(token.balanceOf(BOB), 1_200, "the holder has it");
        assertEq(token.balanceOf(KEEPER), 0, "the operator nothing");
    }

    function test_an_operator_pays_where_the_holder_says() public {
        _approve(BOB, true);
        vm.prank(BOB);
        distributor.setPayoutAddress(CAT);
        _claimFor(BOB);
        assertEq(token.balanceOf(CAT), 1_200, "there");
    }

    function test_an_operator_that_is_dismissed_claims_no_more() public {
        _approve(BOB, true);
        _approve(BOB, false);
        vm.expectRevert(abi.encodeWithSelector(IOperators.NotOperator.selector, BOB, KEEPER));
        _claimFor(BOB);
    }

    function testFuzz_only_the_holder_and_its_operators_claim_for_it(address caller) public {
        vm.assume(caller != BOB && caller != KEEPER);
        _approve(BOB, true);
        vm.expectRevert(abi.encodeWithSelector(IOperators.NotOperator.selector, BOB, caller));
        vm.prank(caller);
        distributor.claimFor(BOB, 1);
        vm.prank(BOB);
        assertEq(distributor.claimFor(BOB, 1), 1_200, "the holder itself may");
    }

    // ---------------------------------------------------------------- signed

    /// @dev The digest, worked out from the standard's text instead of the contract's constants.
    function _digest(address controller, bool approved, bytes32 nonce, uint256 deadline)
        private
        view
        returns (bytes32)
    {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("helioracle"),
                keccak256("1"),
                block.chainid,
                address(distributor)
            )
        );
        bytes32 said = keccak256(
            abi.encode(
                keccak256(
                    "AuthorizeOperator(address controller,address operator,bool approved,bytes32 nonce,uint256 deadline)"
                ),
                controller,
                KEEPER,
                approved,
                nonce,
                deadline
            )
        );
        assertEq(distributor.DOMAIN_SEPARATOR(), domain, "the domain");
        return keccak256(abi.encodePacked(hex"1901", domain, said));
    }

    function _authorize(address controller, bool approved, bytes32 nonce, uint256 deadline, bytes memory signature)
        private
        returns (bool)
    {
        vm.prank(STRANGER);
        return distributor.authorizeOperator(controller, KEEPER, approved, nonce, deadline, signature);
    }

    function test_a_signature_approves_an_operator_once() public {
        uint256 deadline = block.timestamp;
        bytes memory signature = signWith(KEY, _digest(_signer, true, "nonce", deadline))[0];
        assertTrue(!distributor.authorizations(_signer, "nonce"), "fresh");
        vm.expectEmit(address(distributor));
        emit IOperators.OperatorSet(_signer, KEEPER, true);
        assertTrue(_authorize(_signer, true, "nonce", deadline, signature), "approved");
        assertTrue(distributor.authorizations(_signer, "nonce"), "used");
        assertEq(_claimFor(_signer), 1_800, "claimed");

        vm.expectRevert(abi.encodeWithSelector(IOperators.AuthorizationUsed.selector, _signer, bytes32("nonce")));
        _authorize(_signer, true, "nonce", deadline, signature);
        signature = signWith(KEY, _digest(_signer, false, "other", deadline))[0];
        assertTrue(_authorize(_signer, false, "other", deadline, signature), "dismissed");
        assertTrue(!distributor.isOperator(_signer, KEEPER), "dismissed");
    }

    function test_a_signature_expires() public {
        uint256 deadline = block.timestamp + 1 hours;
        bytes memory signature = signWith(KEY, _digest(_signer, true, "nonce", deadline))[0];
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IOperators.AuthorizationExpired.selector, deadline, block.timestamp));
        _authorize(_signer, true, "nonce", deadline, signature);
    }

    function test_a_signature_can_be_taken_back() public {
        uint256 deadline = block.timestamp;
        bytes memory signature = signWith(KEY, _digest(_signer, true, "nonce", deadline))[0];
        vm.prank(_signer);
        distributor.invalidateNonce("nonce");
        vm.expectRevert(abi.encodeWithSelector(IOperators.AuthorizationUsed.selector, _signer, bytes32("nonce")));
        _authorize(_signer, true, "nonce", deadline, signature);
    }

    function testFuzz_a_signature_of_anybody_else_or_of_anything_else_is_refused(uint256 key, bool approved) public {
        key = bound(key, 1, type(uint128).max);
        vm.assume(key != KEY);
        uint256 deadline = block.timestamp;
        bytes memory signature = signWith(key, _digest(_signer, approved, "nonce", deadline))[0];
        vm.expectRevert(abi.encodeWithSelector(IOperators.AuthorizationInvalid.selector, _signer));
        _authorize(_signer, approved, "nonce", deadline, signature);
        signature = signWith(KEY, _digest(_signer, !approved, "nonce", deadline))[0];
        vm.expectRevert(abi.encodeWithSelector(IOperators.AuthorizationInvalid.selector, _signer));
        _authorize(_signer, approved, "nonce", deadline, signature);
        vm.expectRevert(abi.encodeWithSelector(IOperators.AuthorizationInvalid.selector, address(0)));
        _authorize(address(0), approved, "nonce", deadline, signature);
    }

    function test_a_contract_approves_as_erc_1271_wants_it() public {
        Wallet wallet = new Wallet();
        bytes32 digest = _digest(address(wallet), true, "nonce", block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(IOperators.AuthorizationInvalid.selector, address(wallet)));
        _authorize(address(wallet), true, "nonce", block.timestamp, "");
        wallet.approve(digest);
        assertTrue(_authorize(address(wallet), true, "nonce", block.timestamp, ""), "approved");
        assertTrue(distributor.isOperator(address(wallet), KEEPER), "approved");
    }

    function test_the_interfaces_are_announced() public view {
        assertTrue(distributor.supportsInterface(0xe3bc4e65), "ERC-7540, operators");
        assertTrue(distributor.supportsInterface(0xa9e50872), "ERC-7741");
        assertTrue(distributor.supportsInterface(type(IERC165).interfaceId), "ERC-165");
        assertTrue(!distributor.supportsInterface(0xffffffff), "nothing else");
    }
}
