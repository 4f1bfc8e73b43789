// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRevenueDeclarations} from "../../src/interfaces/IRevenueDeclarations.sol";
import {DeclarationsHandler} from "./DeclarationsHandler.sol";

/// @title The setup of the walks over declarations: contracts, handler and ghost state, and the checks that compare them
contract DeclarationsSetup is DeclarationsHandler {
    function actions() external pure returns (bytes4[] memory all) {
        all = new bytes4[](13);
        all[0] = this.waitSomeHours.selector;
        all[1] = this.waitSomeDays.selector;
        all[2] = this.declareSome.selector;
        all[3] = this.declareUnsigned.selector;
        all[4] = this.disputeSome.selector;
        all[5] = this.announceSet.selector;
        all[6] = this.callOff.selector;
        all[7] = this.pauseSome.selector;
        all[8] = this.anchorMore.selector;
        all[9] = this.anchorForged.selector;
        all[10] = this.announceRestart.selector;
        all[11] = this.restartLog.selector;
        all[12] = this.fundSome.selector;
    }

    function checkFunding() external view {
        uint256 declaredSum = 0;
        for (uint32 p = 0; p < MAX_PERIODS; ++p) {
            (uint256 declared, uint256 got) = distributor.coverage(p);
            assertEq(declared, isFinal(p) ? saids[p].distributable : 0, "only a final report lets anything out");
            assertAtMost(got, declared, "funded at most the distributable");
            assertEq(got, funded[p], "funded");
            declaredSum += declared;
        }
        assertTrue(!fundedWithoutFinal, "nothing was funded without a final report");
        assertEq(distributor.totalFunded(), fundedSum, "funded in all");
        assertEq(declarations.distributableSum(0, MAX_PERIODS), declaredSum, "declared in all");
        assertEq(distributor.arrears(0, MAX_PERIODS), declaredSum - fundedSum, "arrears");
    }

    function checkFinalReports() external view {
        for (uint32 p = 0; p < MAX_PERIODS; ++p) {
            if (!isFinal(p)) continue;
            assertTrue(declarations.status(p) == IRevenueDeclarations.Status.Final, "final stays final");
            assertEq(declarations.reportHash(p), saids[p].hash, "and the same report");
            assertEq(declarations.distributableOf(p), saids[p].distributable, "with the same money");
        }
        assertTrue(!finalReportWasReplaced, "nothing follows a final report");
    }

    function checkRevisions() external view {
        for (uint32 p = 0; p < MAX_PERIODS; ++p) {
            IRevenueDeclarations.Declaration memory now_ = declarations.declaration(p);
            assertEq(now_.revision, saids[p].revision, "the newest revision");
            assertEq(now_.deadline, saids[p].deadline, "its deadline, which only a dispute moves");
            assertEq(uint256(now_.status), uint256(stateOf(p)), "the state that the deadline makes");
        }
        assertTrue(!revisionWasWrong, "each revision continues the one before it");
        assertTrue(!deadlineFell, "challenge deadlines rise over the revisions");
        assertTrue(!disputedOutOfTurn, "a period is disputed once, while it is pending");
    }

    function checkQuorum() external view {
        for (uint32 p = 0; p < MAX_PERIODS; ++p) {
            if (declarations.status(p) != IRevenueDeclarations.Status.Final) continue;
            Said memory said = saids[p];
            assertEq(declarations.reportHash(p), said.hash, "the report that was signed");
            assertEq(said.namedVersion, said.versionInForce, "it names the set that was in force");
            Set memory set = sets[said.versionInForce];
            assertAtMost(set.threshold, countOf(said.signers & set.members), "as many signers as the set asks for");
            assertAtMost(countOf(set.members) + 1, 2 * set.threshold, "which is more than half of it");
        }
    }

    function checkLog() external view {
        for (uint32 g = 1; g <= generation; ++g) {
            Generation storage logs = generations[g];
            for (uint256 i = 0; i < logs.sizes.length; ++i) {
                assertTrue(i == 0 || logs.sizes[i - 1] < logs.sizes[i], "sizes rise");
                assertEq(declarations.rootOf(g, logs.sizes[i]), logs.roots[i], "each root is that of the one log");
            }
        }
        assertTrue(!anchoredSizeFell, "no size fell");
        (uint32 newest, uint64 size,) = declarations.head();
        assertEq(newest, generation, "the newest log");
        assertEq(size, headOf(generation), "and the largest size anchored of it");
    }
}
