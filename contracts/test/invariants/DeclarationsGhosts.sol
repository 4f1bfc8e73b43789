// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RevenueDeclarations} from "../../src/RevenueDeclarations.sol";
import {RevenueDistributor} from "../../src/RevenueDistributor.sol";
import {ExpiringPause} from "../../src/base/ExpiringPause.sol";
import {IRevenueDeclarations} from "../../src/interfaces/IRevenueDeclarations.sol";
import {DeclarationsFixture} from "../DeclarationsFixture.sol";
import {TestLog} from "../TestLog.sol";

/// @title The ghost state of the walks over declarations
/// @notice Who signed what, which sets were announced, which logs there were, and when everything is due: written down from
/// what was sent and whether it was accepted, never from what the contracts say about it.
abstract contract DeclarationsGhosts is DeclarationsFixture {
    uint32 internal constant MAX_PERIODS = 12;
    /// @dev All signers there ever are, sorted; a set is a choice of them, bit by bit.
    uint256 internal constant POOL = 7;

    struct Set {
        uint256 members;
        uint256 threshold;
        uint256 effectiveAt;
    }

    /// @dev The newest report of a period, with the distinct signers that were sent along and the set that was in force.
    /// `challengeEndsAt` stays when a dispute moves the deadline.
    struct Said {
        bytes32 hash;
        uint256 revision;
        uint256 deadline;
        uint256 challengeEndsAt;
        uint128 distributable;
        bool disputed;
        bool disputeUsed;
        uint256 signers;
        uint32 namedVersion;
        uint32 versionInForce;
    }

    /// @dev A log, another one that differs from the first entry on, and the anchored sizes with the roots they have to have.
    struct Generation {
        TestLog honest;
        TestLog forged;
        uint64[] sizes;
        bytes32[] roots;
    }

    /// @dev The addresses of `keys`, in the same order.
    address[] internal pool;
    mapping(uint32 version => Set) internal sets;
    uint32 internal lastVersion = 1;
    /// @dev The newest set that was not withdrawn, and the one before it.
    uint32 internal newestVersion = 1;
    uint32 internal olderVersion = 1;

    mapping(uint32 period => Said) internal saids;
    mapping(uint32 period => uint256) internal funded;
    uint256 internal fundedSum;

    mapping(uint32 generation => Generation) internal generations;
    uint32 internal generation = 1;
    TestLog internal nextLog;
    uint256 internal restartReadyAt;

    /// @dev Broken promises of single acts; the sentences read them.
    bool internal finalReportWasReplaced;
    bool internal revisionWasWrong;
    bool internal deadlineFell;
    bool internal disputedOutOfTurn;
    bool internal fundedWithoutFinal;
    bool internal anchoredSizeFell;

    constructor() {
        deploy();
        useKeys(POOL, "pool");
        pool = addresses(keys);
        IRevenueDeclarations.Terms memory strict = strictTerms();
        sets[1] = Set(31, QUORUM, block.timestamp);
        declarations = new RevenueDeclarations(strict, addressesOf(31), QUORUM, address(manager));
        grantAll();
        distributor = new RevenueDistributor(declarations, share, gate, token, address(manager));
        grant(address(distributor), RevenueDistributor.fund.selector, TREASURY_ROLE, TREASURY);
        grant(address(distributor), ExpiringPause.pause.selector, GUARDIAN_ROLE, GUARDIAN);
        mint(ANN, 700);
        mint(BOB, 299);
        generations[1].honest = new TestLog();
        generations[1].forged = new TestLog();
    }

    // ---------------------------------------------------------------- signer sets

    /// @dev A set takes over when its time comes, without a transaction.
    function versionInForce() internal view returns (uint32) {
        return block.timestamp >= sets[newestVersion].effectiveAt ? newestVersion : olderVersion;
    }

    /// @dev The threshold's number of members of a set, counted round from `first`; sometimes all of them.
    function quorumOf(uint32 version, uint256 first) internal view returns (uint256 chosen) {
        Set memory set = sets[version];
        if (first % 4 == 0) return set.members;
        return someOf(set.members, set.threshold, first);
    }

    /// @dev At most `count` of `members`, counted round from `first`.
    function someOf(uint256 members, uint256 count, uint256 first) internal pure returns (uint256 chosen) {
        for (uint256 i = 0; i < POOL && count != 0; ++i) {
            uint256 bit = 1 << ((first % POOL + i) % POOL);
            if (members & bit == 0) continue;
            chosen |= bit;
            --count;
        }
    }

    function countOf(uint256 members) internal pure returns (uint256 count) {
        for (; members != 0; members &= members - 1) {
            ++count;
        }
    }

    function signedBy(uint256 members, bytes32 digest) internal view returns (bytes[] memory signatures) {
        signatures = new bytes[](countOf(members));
        uint256 next = 0;
        for (uint256 i = 0; i < POOL; ++i) {
            if (members >> i & 1 == 1) signatures[next++] = signWith(keys[i], digest)[0];
        }
    }

    function addressesOf(uint256 members) internal view returns (address[] memory chosen) {
        chosen = new address[](countOf(members));
        uint256 next = 0;
        for (uint256 i = 0; i < POOL; ++i) {
            if (members >> i & 1 == 1) chosen[next++] = pool[i];
        }
    }

    // ---------------------------------------------------------------- reports

    /// @dev The state of a period by the ghost state alone.
    function stateOf(uint32 period) internal view returns (IRevenueDeclarations.Status) {
        Said storage said = saids[period];
        if (said.deadline == 0) return IRevenueDeclarations.Status.None;
        bool passed = block.timestamp >= said.deadline;
        if (said.disputed) return passed ? IRevenueDeclarations.Status.Void : IRevenueDeclarations.Status.Disputed;
        return passed ? IRevenueDeclarations.Status.Final : IRevenueDeclarations.Status.Pending;
    }

    function isFinal(uint32 period) internal view returns (bool) {
        return stateOf(period) == IRevenueDeclarations.Status.Final;
    }

    /// @dev Writes down a report that was accepted with the signatures of `signers`.
    function noteReport(IRevenueDeclarations.Report memory report_, uint256 signers) internal {
        Said storage said = saids[report_.period];
        if (isFinal(report_.period)) finalReportWasReplaced = true;
        uint256 due = said.deadline == 0 ? 0 : said.revision + 1;
        if (report_.revision != due || report_.previousHash != said.hash) revisionWasWrong = true;
        uint256 endsAt = declarations.declaration(report_.period).deadline;
        if (endsAt < said.challengeEndsAt) deadlineFell = true;

        said.hash = declarations.hashReport(report_);
        (said.revision, said.distributable) = (report_.revision, report_.distributable);
        (said.deadline, said.challengeEndsAt) = (block.timestamp + CHALLENGE, endsAt);
        (said.disputed, said.signers) = (false, signers);
        (said.namedVersion, said.versionInForce) = (report_.signerSetVersion, versionInForce());
    }

    /// @dev Writes down a dispute that was accepted.
    function noteDispute(uint32 period) internal {
        Said storage said = saids[period];
        bool inTurn = stateOf(period) == IRevenueDeclarations.Status.Pending && !said.disputeUsed;
        if (!inTurn) disputedOutOfTurn = true;
        (said.disputed, said.disputeUsed, said.deadline) = (true, true, block.timestamp + RESOLVE);
    }

    // ---------------------------------------------------------------- logs

    function headOf(uint32 generation_) internal view returns (uint64 size) {
        uint64[] storage sizes = generations[generation_].sizes;
        return sizes.length == 0 ? 0 : sizes[sizes.length - 1];
    }

    /// @dev Adds the same number of entries to a log and to its forgery.
    function grow(Generation storage logs, uint256 entries) internal {
        for (uint256 i = 0; i < entries; ++i) {
            bytes32 entry = keccak256(abi.encode(logs.honest, logs.honest.size()));
            logs.honest.append(entry);
            logs.forged.append(~entry);
        }
    }

    /// @dev Writes down an anchor that was accepted, with the root that the log has at this size.
    function noteAnchor(uint64 size) internal {
        Generation storage logs = generations[generation];
        uint64 head = headOf(generation);
        if (size < head) anchoredSizeFell = true;
        if (size == head) return;
        logs.sizes.push(size);
        logs.roots.push(logs.honest.root(size));
    }
}
