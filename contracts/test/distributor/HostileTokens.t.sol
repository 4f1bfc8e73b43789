// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRevenueDistributor} from "../../src/interfaces/IRevenueDistributor.sol";
import {TestToken} from "../TestToken.sol";
import {BlacklistToken} from "../tokens/BlacklistToken.sol";
import {BombToken} from "../tokens/BombToken.sol";
import {DeadToken} from "../tokens/DeadToken.sol";
import {FeeToken} from "../tokens/FeeToken.sol";
import {GenerousToken} from "../tokens/GenerousToken.sol";
import {NoReturnToken} from "../tokens/NoReturnToken.sol";
import {PausingToken} from "../tokens/PausingToken.sol";
import {RefusingToken} from "../tokens/RefusingToken.sol";
import {PayoutFixture} from "./PayoutFixture.sol";

contract NoReturnTokenTest is PayoutFixture {
    function newToken() internal override returns (TestToken) {
        return new NoReturnToken();
    }

    function test_a_token_without_a_return_value_works() public {
        bring(0, 3_000);
        assertEq(pushAll(list(ANN, BOB)), 2, "pushed");
        assertEq(token.balanceOf(ANN) + token.balanceOf(BOB), 3_000, "paid");
        bring(1, 3_000);
        assertEq(claimAll(ANN), 1_800, "claimed");
    }
}

contract BombTokenTest is PayoutFixture {
    function newToken() internal override returns (TestToken) {
        return new BombToken();
    }

    function test_an_answer_of_any_length_pays_and_is_not_copied() public {
        bring(0, 3_000);
        uint256 before = gasleft();
        assertEq(pushAll(list(ANN, BOB)), 2, "pushed");
        assertAtMost(before - gasleft(), 300_000, "the answer costs the token gas, not the push");
        bring(1, 3_000);
        assertEq(claimAll(ANN), 1_800, "claimed");
        assertEq(token.balanceOf(ANN), 3_600, "paid");
    }
}

contract RefusingTokenTest is PayoutFixture {
    function newToken() internal override returns (TestToken) {
        return new RefusingToken();
    }

    function _refuse(address account, bytes memory answer) private {
        RefusingToken(address(token)).refuse(account, answer);
    }

    function test_only_true_or_silence_means_paid() public {
        bring(0, 3_000);
        bytes[3] memory answers = [abi.encode(false), abi.encode(uint256(2)), abi.encodePacked(bytes30(0), uint8(1))];
        for (uint256 i = 0; i < answers.length; ++i) {
            _refuse(ANN, answers[i]);
            vm.expectEmit(address(distributor));
            emit IRevenueDistributor.PayFailed(ANN, 1_800, 1);
            assertEq(pushAll(list(ANN)), 1, "dealt with");
            assertEq(distributor.owed(ANN, 1), 1_800, "still owed");
            assertEq(distributor.totalPaid(), 0, "not paid");
        }
        _refuse(STRANGER, "");
        pushAll(list(ANN, BOB));
        assertEq(token.balanceOf(ANN) + token.balanceOf(BOB), 3_000, "paid once it may");
    }

    function test_a_claim_that_is_refused_leaves_everything_as_it_was() public {
        bring(0, 3_000);
        _refuse(ANN, abi.encode(false));
        vm.expectRevert();
        vm.prank(ANN);
        distributor.claim(1);
        assertEq(distributor.cursorOf(ANN), 0, "not settled");
        assertEq(distributor.totalPaid(), 0, "not paid");
    }

    function test_the_token_is_only_tried_after_a_payment_failed() public {
        bring(0, 3_000);
        _refuse(address(distributor), abi.encode(false));
        assertEq(pushAll(list(ANN, BOB)), 2, "nobody's payment failed");
        assertEq(token.balanceOf(ANN) + token.balanceOf(BOB), 3_000, "paid");
    }

    function test_funding_that_is_refused_brings_nothing() public {
        declare(0, 3_000);
        _refuse(address(distributor), abi.encode(false));
        token.mint(TREASURY, 3_000);
        vm.prank(TREASURY);
        token.approve(address(distributor), 3_000);
        vm.expectRevert();
        vm.prank(TREASURY);
        distributor.fund(0, 3_000);
        assertEq(distributor.trancheCount(), 0, "no tranche");
    }
}

contract FeeTokenTest is PayoutFixture {
    function newToken() internal override returns (TestToken) {
        return new FeeToken();
    }

    function test_what_arrives_is_what_is_distributed() public {
        declare(0, 3_000);
        fund(0, 3_000);
        assertEq(distributor.totalFunded(), 2_970, "what arrived");
        assertEq(distributor.fundable(0), 30, "the rest is still to come");
        uint256 all = distributor.owedX96(ANN, 1) + distributor.owedX96(BOB, 1) + distributor.carryX96();
        assertEq(all, uint256(2_970) << 96, "owed is what is there");
        assertEq(token.balanceOf(address(distributor)), 2_970, "solvent");
        assertEq(claimAll(ANN), 1_781, "9.9 times 180, less a fraction");
        assertEq(token.balanceOf(ANN), 1_781 - 17, "the holder bears the fee of the payment");
    }

    function test_the_bounds_hold_for_what_arrives_not_for_what_is_sent() public {
        declare(0, 990);
        // 1,000 are more than may be distributed; 990 of them arrive.
        fund(0, 1_000);
        assertEq(distributor.fundable(0), 0, "complete");
        toDay(FIRST_DAY + 2 * DAYS_PER_PERIOD);
        declare(1, 20_000);
        // 200 would be enough; 198 are not.
        refuseFund(1, 200, abi.encodeWithSelector(IRevenueDistributor.FundingBelowMinimum.selector, 1, 198, 200));
    }
}

contract BlacklistTokenTest is PayoutFixture {
    function newToken() internal override returns (TestToken) {
        return new BlacklistToken();
    }

    function _blacklist(address account, bool to) private {
        BlacklistToken(address(token)).setBlacklisted(account, to);
    }

    function test_a_blacklisted_holder_keeps_the_credit_and_the_others_are_paid() public {
        bring(0, 3_000);
        _blacklist(ANN, true);
        vm.expectEmit(address(distributor));
        emit IRevenueDistributor.PayFailed(ANN, 1_800, 1);
        assertEq(pushAll(list(ANN, BOB)), 2, "dealt with");
        assertEq(token.balanceOf(BOB), 1_200, "bob is paid all the same");
        assertEq(distributor.owed(ANN, 1), 1_800, "ann is owed what she was owed");
        assertEq(distributor.cursorOf(ANN), 1, "as credit");
        assertEq(distributor.totalPaid(), 1_200, "only what was paid counts as paid");
        _blacklist(ANN, false);
        bring(1, 3_000);
        assertEq(claimAll(ANN), 1_800 + 1_800, "old credit is paid with the new");
    }

    function test_a_blacklisted_distributor_pays_nobody_and_touches_nobody() public {
        bring(0, 3_000);
        _blacklist(address(distributor), true);
        assertEq(pushAll(list(ANN, BOB)), 0, "nobody");
        assertEq(distributor.cursorOf(ANN), 0, "untouched");
        _blacklist(address(distributor), false);
        assertEq(pushAll(list(ANN, BOB)), 2, "later");
    }

    function test_a_blacklisted_holder_may_be_paid_elsewhere() public {
        bring(0, 3_000);
        _blacklist(ANN, true);
        vm.prank(ANN);
        distributor.setPayoutAddress(CAT);
        pushAll(list(ANN));
        assertEq(token.balanceOf(CAT), 1_800, "paid elsewhere");
    }
}

contract PausingTokenTest is PayoutFixture {
    function newToken() internal override returns (TestToken) {
        return new PausingToken();
    }

    function _pause(bool to) private {
        PausingToken(address(token)).setPaused(to);
    }

    function test_a_paused_token_leaves_the_claim_as_it_was() public {
        bring(0, 3_000);
        _pause(true);
        refuseClaim(ANN, abi.encodeWithSelector(PausingToken.Paused.selector));
        _pause(false);
        assertEq(distributor.cursorOf(ANN), 0, "not settled");
        assertEq(claimAll(ANN), 1_800, "paid later");
    }

    function test_a_paused_token_stops_the_page_with_everybody_untouched() public {
        bring(0, 3_000);
        // Nothing is owed to cat: that is settled before the token is met.
        _pause(true);
        vm.expectEmit(address(distributor));
        emit IRevenueDistributor.PushHalted(1, 3);
        assertEq(pushAll(list(CAT, ANN, BOB)), 1, "up to ann");
        assertEq(distributor.cursorOf(ANN), 0, "ann is untouched");
        assertEq(distributor.cursorOf(BOB), 0, "so is bob");
        assertEq(distributor.totalPaid(), 0, "nothing paid");
        _pause(false);
        assertEq(pushAll(list(ANN, BOB)), 2, "later");
        assertEq(token.balanceOf(ANN), 1_800, "paid");
    }
}

contract DeadTokenTest is PayoutFixture {
    function newToken() internal override returns (TestToken) {
        return new DeadToken();
    }

    function test_a_token_that_eats_gas_costs_two_trials_and_touches_nobody() public {
        bring(0, 3_000);
        DeadToken(address(token)).setDead(true);
        uint256 before = gasleft();
        assertEq(pushAll(list(ANN, BOB)), 0, "nobody");
        assertAtMost(before - gasleft(), 2 * distributor.PAY_GAS() + 100_000, "payment and trial");
        assertEq(distributor.owed(ANN, 1), 1_800, "owed");
        assertEq(distributor.cursorOf(ANN), 0, "untouched");
    }
}

contract GenerousTokenTest is PayoutFixture {
    function newToken() internal override returns (TestToken) {
        return new GenerousToken();
    }

    function test_a_token_that_delivers_too_much_is_refused() public {
        declare(0, 3_000);
        refuseFund(0, 2_000, abi.encodeWithSelector(IRevenueDistributor.ReceivedTooMuch.selector, 2_001, 2_000));
    }
}
