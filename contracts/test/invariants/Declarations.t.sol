// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DeclarationsSetup} from "./DeclarationsSetup.sol";
import {Walk} from "./Walk.sol";

/// @title What always holds of the log, the reports and what is funded against them, each as a sentence
contract DeclarationsInvariantsTest is Walk {
    DeclarationsSetup private world;

    function setUp() public {
        world = new DeclarationsSetup();
        walkThrough(address(world), world.deeds());
    }

    /// forge-config: default.fuzz.seed = "0x11"
    /// forge-config: default.invariant.check_interval = 4
    function invariant_funding_never_exceeds_what_a_final_report_allows() public view {
        world.checkFunding();
    }

    /// forge-config: default.fuzz.seed = "0x12"
    /// forge-config: default.invariant.check_interval = 4
    function invariant_a_final_report_never_changes() public view {
        world.checkFinalReports();
    }

    /// forge-config: default.fuzz.seed = "0x13"
    /// forge-config: default.invariant.check_interval = 4
    function invariant_revisions_and_deadlines_only_rise() public view {
        world.checkRevisions();
    }

    /// forge-config: default.fuzz.seed = "0x14"
    /// forge-config: default.invariant.check_interval = 4
    function invariant_every_final_report_was_signed_by_a_quorum_of_one_signer_set() public view {
        world.checkQuorum();
    }

    /// forge-config: default.fuzz.seed = "0x15"
    /// forge-config: default.invariant.check_interval = 4
    function invariant_the_anchored_log_only_grows() public view {
        world.checkLog();
    }
}
