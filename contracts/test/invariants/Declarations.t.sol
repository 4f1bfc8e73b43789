// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DeclarationsSetup} from "./DeclarationsSetup.sol";
import {Walk} from "./Walk.sol";

/// @title What always holds of the log, the reports and what is funded against them, each as a sentence
contract DeclarationsInvariantsTest is Walk {
    DeclarationsSetup private setup;

    function setUp() public {
        setup = new DeclarationsSetup();
        walkThrough(address(setup), setup.actions());
    }

    /// forge-config: default.fuzz.seed = "0x11"
    /// forge-config: default.invariant.check_interval = 4
    function invariant_funding_never_exceeds_what_a_final_report_allows() public view {
        setup.checkFunding();
    }

    /// forge-config: default.fuzz.seed = "0x12"
    /// forge-config: default.invariant.check_interval = 4
    function invariant_a_final_report_never_changes() public view {
        setup.checkFinalReports();
    }

    /// forge-config: default.fuzz.seed = "0x13"
    /// forge-config: default.invariant.check_interval = 4
    function invariant_revisions_and_deadlines_only_rise() public view {
        setup.checkRevisions();
    }

    /// forge-config: default.fuzz.seed = "0x14"
    /// forge-config: default.invariant.check_interval = 4
    function invariant_every_final_report_was_signed_by_a_quorum_of_one_signer_set() public view {
        setup.checkQuorum();
    }

    /// forge-config: default.fuzz.seed = "0x15"
    /// forge-config: default.invariant.check_interval = 4
    function invariant_the_anchored_log_only_grows() public view {
        setup.checkLog();
    }
}
