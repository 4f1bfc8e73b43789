// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {AssetShare} from "../../src/AssetShare.sol";
import {RevenueDistributor} from "../../src/RevenueDistributor.sol";
import {ExpiringPause} from "../../src/base/ExpiringPause.sol";
import {Governed} from "../../src/base/Governed.sol";
import {IGateWatch} from "../../src/interfaces/IGateWatch.sol";
import {IHolderRegister} from "../../src/interfaces/IHolderRegister.sol";
import {IInvestorGate} from "../../src/interfaces/IInvestorGate.sol";
import {IRecipients} from "../../src/interfaces/IRecipients.sol";
import {IRedirects} from "../../src/interfaces/IRedirects.sol";
import {IRevenueDistributor} from "../../src/interfaces/IRevenueDistributor.sol";
import {DeadToken} from "../tokens/DeadToken.sol";
import {NoZeroToken} from "../tokens/NoZeroToken.sol";
import {PausingToken} from "../tokens/PausingToken.sol";
import {PayoutFixture} from "./PayoutFixture.sol";

/// @title What a distributor is made of, and what it refuses to be made of
contract CreationTest is PayoutFixture {
    function _create(address share_, address gate_, address token_) private returns (RevenueDistributor) {
        return new RevenueDistributor(
            declarations, IHolderRegister(share_), IInvestorGate(gate_), IERC20(token_), address(manager)
        );
    }

    function _refuseToken(address bad) private {
        vm.expectRevert(abi.encodeWithSelector(IRevenueDistributor.PaymentTokenRefused.selector, bad));
        _create(address(share), address(gate), bad);
    }

    function test_an_address_without_code_is_no_payment_token() public {
        _refuseToken(STRANGER);
    }

    function test_a_token_that_is_paused_is_refused() public {
        PausingToken pausing = new PausingToken();
        pausing.setPaused(true);
        _refuseToken(address(pausing));
    }

    function test_a_token_that_does_not_move_nothing_is_refused() public {
        _refuseToken(address(new NoZeroToken()));
    }

    function test_a_token_that_eats_gas_is_refused() public {
        DeadToken dead = new DeadToken();
        dead.setDead(true);
        _refuseToken(address(dead));
    }

    function test_a_contract_that_is_no_token_is_refused() public {
        _refuseToken(address(manager));
    }

    function test_a_gate_without_code_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IGateWatch.NoContract.selector, STRANGER));
        _create(address(share), STRANGER, address(token));
    }

    function test_register_and_declarations_must_cut_their_days_at_the_same_moment() public {
        AssetShare elsewhere = new AssetShare("n", "s", gate, 0, new address[](0), address(manager));
        vm.expectRevert(abi.encodeWithSelector(IRevenueDistributor.UtcOffsetMismatch.selector, UTC_OFFSET, int32(0)));
        _create(address(elsewhere), address(gate), address(token));
    }

    /// @dev The gas bounds are literals; this is what they are worked out from.
    function test_a_push_leaves_gas_for_everything_it_may_meet() public view {
        uint256 calls = 2 * distributor.GATE_GAS() + 2 * distributor.PAY_GAS();
        uint256 least = calls * 64 / 63 + 60_000;
        assertAtMost(least, distributor.PUSH_LEAST(), "gates, payment, trial and bookkeeping");
    }

    function test_the_parts_are_readable() public view {
        assertEq(address(distributor.declarations()), address(declarations), "declarations");
        assertEq(address(distributor.register()), address(share), "register");
        assertEq(address(distributor.gate()), address(gate), "gate");
        assertEq(address(distributor.paymentToken()), address(token), "token");
        assertEq(distributor.authority(), address(manager), "authority");
    }

    function test_powers_over_holders_can_be_given_up_and_nothing_else() public {
        bytes4[4] memory powers = [
            IGateWatch.setGate.selector,
            IRedirects.proposeRedirect.selector,
            IRecipients.setPayoutFrozen.selector,
            ExpiringPause.pause.selector
        ];
        for (uint256 i = 0; i < powers.length; ++i) {
            distributor.abdicate(powers[i]);
            assertTrue(distributor.isAbdicated(powers[i]), "given up");
        }
        bytes4[4] memory duties = [
            IRevenueDistributor.fund.selector,
            IRedirects.cancelRedirect.selector,
            IRevenueDistributor.claim.selector,
            Governed.abdicate.selector
        ];
        for (uint256 i = 0; i < duties.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Governed.NotAbdicable.selector, duties[i]));
            distributor.abdicate(duties[i]);
        }
    }
}
