// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MoneySetup} from "./MoneySetup.sol";
import {Walk} from "./Walk.sol";

/// @title What always holds of money and shares, each as a sentence
contract MoneyInvariantsTest is Walk {
    MoneySetup private setup;

    function setUp() public {
        setup = new MoneySetup();
        walkThrough(address(setup), setup.actions());
    }

    /// forge-config: default.fuzz.seed = "0x01"
    /// forge-config: default.invariant.check_interval = 4
    function invariant_the_distributor_holds_what_it_owes() public view {
        setup.checkSolvency();
    }

    /// forge-config: default.fuzz.seed = "0x02"
    /// forge-config: default.invariant.check_interval = 4
    function invariant_what_was_funded_is_owed_paid_or_carried() public view {
        setup.checkConservation();
    }

    /// forge-config: default.fuzz.seed = "0x03"
    /// forge-config: default.invariant.check_interval = 4
    function invariant_every_holder_has_been_paid_or_is_owed_what_the_books_say() public view {
        setup.checkHolders();
    }

    /// forge-config: default.fuzz.seed = "0x04"
    /// forge-config: default.invariant.check_interval = 64
    function invariant_the_order_and_grouping_of_claims_is_irrelevant() public {
        setup.checkOrderAndGrouping();
    }

    /// forge-config: default.fuzz.seed = "0x05"
    /// forge-config: default.invariant.check_interval = 16
    function invariant_share_days_add_up_over_splits_and_over_holders() public view {
        setup.checkShareDays();
    }

    /// forge-config: default.fuzz.seed = "0x06"
    /// forge-config: default.invariant.check_interval = 64
    function invariant_the_balances_of_past_days_never_change() public view {
        setup.checkRegister();
    }

    /// forge-config: default.fuzz.seed = "0x07"
    /// forge-config: default.invariant.check_interval = 2
    function invariant_nothing_lowers_what_is_owed_but_a_payment_or_a_redirect() public view {
        setup.checkNothingLowered();
    }

    /// forge-config: default.fuzz.seed = "0x08"
    function invariant_push_never_changes_who_is_owed_what() public view {
        setup.checkPush();
    }
}
