// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAnchoredLog} from "../../src/interfaces/IAnchoredLog.sol";
import {IRevenueDeclarations} from "../../src/interfaces/IRevenueDeclarations.sol";
import {TestLog} from "../TestLog.sol";
import {DeclarationsGhosts} from "./DeclarationsGhosts.sol";

/// @title The handler of the walks over declarations: what may happen, and what somebody may try
/// @notice Legal actions must succeed. Forbidden actions are tried too, as the signers, the guardian or the treasury would
/// try them: the contracts may refuse one, and an accepted one is noted in the ghost state as it happened.
abstract contract DeclarationsHandler is DeclarationsGhosts {
    uint64 private constant MAX_ENTRIES = 32;

    function waitSomeHours(uint8 hours_) external {
        vm.warp(block.timestamp + bound(hours_, 1, 36) * 1 hours);
    }

    function waitSomeDays(uint8 days_) external {
        vm.warp(block.timestamp + bound(days_, 1, 5) * 1 days);
    }

    // ---------------------------------------------------------------- reports

    /// @dev The next revision of a period, signed by a quorum; refused if its report is Final.
    function declareSome(uint32 period, uint128 distributable, uint256 seed) external {
        (bool any, IRevenueDeclarations.Report memory said) = _nextReport(period, distributable, seed);
        if (!any) return;
        bool legal = !isFinal(said.period) && block.timestamp >= declarations.pausedUntil();
        uint256 signers = quorumOf(said.signerSetVersion, seed >> 8);
        bool accepted = _declare(said, signedBy(signers, declarations.reportDigest(said)));
        if (accepted) noteReport(said, signers);
        assertTrue(accepted || !legal, "the next revision with a quorum is accepted");
    }

    /// @dev The same without a quorum: one too few, one of them twice, or the members of another set.
    function declareUnsigned(uint32 period, uint128 distributable, uint256 seed) external {
        (bool any, IRevenueDeclarations.Report memory said) = _nextReport(period, distributable, seed);
        if (!any) return;
        uint32 version = said.signerSetVersion;
        uint256 signers = someOf(sets[version].members, sets[version].threshold - 1, seed >> 8);
        uint256 trick = seed % 3;
        if (trick == 2) {
            version = version == newestVersion ? olderVersion : newestVersion;
            signers = quorumOf(version, seed >> 8);
            if (seed >> 64 & 1 == 1) said.signerSetVersion = version;
        }
        bytes[] memory signatures = signedBy(signers, declarations.reportDigest(said));
        if (trick == 1) signatures = _firstTwice(signatures);
        if (_declare(said, signatures)) noteReport(said, signers);
    }

    /// @dev Mostly of a report that is Pending; by a signer of the set in force, by the guardian, or by somebody else.
    function disputeSome(uint32 period, uint256 seed) external {
        period = period % MAX_PERIODS;
        for (uint32 i = 0; i < MAX_PERIODS && seed % 4 != 0; ++i) {
            if (stateOf(period) == IRevenueDeclarations.Status.Pending) break;
            period = (period + 1) % MAX_PERIODS;
        }
        bytes32 hash = saids[period].hash;
        bool accepted;
        if (seed >> 8 & 1 == 0) {
            vm.prank(GUARDIAN);
            (accepted,) = address(declarations)
                .call(abi.encodeCall(IRevenueDeclarations.guardianDispute, (period, hash, "reason")));
        } else {
            vm.prank(pool[(seed >> 16) % POOL]);
            (accepted,) =
                address(declarations).call(abi.encodeCall(IRevenueDeclarations.dispute, (period, hash, "reason")));
        }
        if (accepted) noteDispute(period);
    }

    // ---------------------------------------------------------------- signers, pauses, second thoughts

    function announceSet(uint256 seed) external {
        if (block.timestamp < sets[newestVersion].effectiveAt) return;
        uint256 size = 3 + seed % 3;
        uint256 members = someOf(127, size, seed >> 8);
        uint256 threshold = size / 2 + 1 + (seed >> 16) % (size - size / 2);
        uint256 effectiveAt = block.timestamp + CHALLENGE + (seed >> 24) % 2 days;
        vm.prank(SIGNER_ADMIN);
        declarations.announceSignerSet(addressesOf(members), uint8(threshold), uint40(effectiveAt));
        (olderVersion, newestVersion) = (newestVersion, ++lastVersion);
        sets[newestVersion] = Set(members, threshold, effectiveAt);
    }

    /// @dev The guardian takes back what is announced, if anything is; seldom, so that most of it happens.
    function callOff(uint8 dice) external {
        if (dice % 4 == 0 && block.timestamp < sets[newestVersion].effectiveAt) {
            vm.prank(GUARDIAN);
            declarations.withdrawSignerSet();
            newestVersion = olderVersion;
        }
        if (dice % 8 == 1 && restartReadyAt != 0) {
            vm.prank(GUARDIAN);
            declarations.cancelRestart();
            restartReadyAt = 0;
        }
    }

    /// @dev As long as the contract lets it; nothing but declarations and funding may notice.
    function pauseSome(uint32 seconds_, bool money) external {
        seconds_ = uint32(bound(seconds_, 1, 2 days));
        address target = money ? address(distributor) : address(declarations);
        vm.prank(GUARDIAN);
        (bool accepted,) = target.call(abi.encodeCall(declarations.pause, (seconds_)));
        accepted;
    }

    // ---------------------------------------------------------------- the log

    function anchorMore(uint8 entries, uint256 seed) external {
        Generation storage logs = generations[generation];
        if (logs.honest.size() < MAX_ENTRIES) grow(logs, entries % 4 + 1);
        uint64 size = logs.honest.size();
        bytes32 root = logs.honest.root(size);
        bytes32[] memory proof = logs.honest.consistency(headOf(generation), size);
        declarations.anchor(size, root, proof, _signAnchor(size, root, seed));
        noteAnchor(size);
    }

    /// @dev The signers themselves anchor a log that was rewritten or cut short.
    function anchorForged(uint256 seed) external {
        Generation storage logs = generations[generation];
        uint64 head = headOf(generation);
        if (head == 0) return;
        bool cut = seed & 1 == 1 && head > 1;
        if (logs.honest.size() < MAX_ENTRIES) grow(logs, (seed >> 1) % 3);
        TestLog from = cut ? logs.honest : logs.forged;
        uint64 size = cut ? uint64(1 + (seed >> 8) % (head - 1)) : from.size();
        bytes32 root = from.root(size);
        bytes32[] memory proof = cut ? none : from.consistency(head, size);
        (bool accepted,) = address(declarations)
            .call(abi.encodeCall(IAnchoredLog.anchor, (size, root, proof, _signAnchor(size, root, seed))));
        if (accepted) noteAnchor(size);
    }

    function announceRestart(uint8 entries) external {
        if (restartReadyAt != 0 && block.timestamp < restartReadyAt + 30 days) return;
        Generation storage logs = generations[generation + 1];
        (logs.honest, logs.forged) = (new TestLog(), new TestLog());
        grow(logs, entries % 4 + 1);
        uint64 size = logs.honest.size();
        bytes32 root = logs.honest.root(size);
        vm.prank(RESTARTER);
        declarations.announceRestart(size, root, "lost");
        restartReadyAt = block.timestamp + 14 days;
    }

    function restartLog(uint256 seed) external {
        bool due =
            restartReadyAt != 0 && block.timestamp >= restartReadyAt && block.timestamp < restartReadyAt + 30 days;
        if (!due) return;
        (, uint64 lostSize, bytes32 lostRoot) = declarations.head();
        TestLog log_ = generations[generation + 1].honest;
        (uint64 size, bytes32 root) = (log_.size(), log_.root(log_.size()));
        bytes32 digest = declarations.restartDigest(generation + 1, size, root, lostSize, lostRoot);
        declarations.restartLog(size, root, signedBy(quorumOf(versionInForce(), seed), digest));
        (generation, restartReadyAt) = (generation + 1, 0);
        noteAnchor(size);
    }

    // ---------------------------------------------------------------- money

    /// @dev What is still missing of a Final period; or any amount up to a fifth more than all of it, whatever its state.
    function fundSome(uint32 period, uint256 amount, bool exactly) external {
        period = period % MAX_PERIODS;
        for (uint32 i = 0; i < MAX_PERIODS && exactly && !isFinal(period); ++i) {
            period = (period + 1) % MAX_PERIODS;
        }
        uint256 declared = saids[period].distributable;
        uint256 missing = declared > funded[period] ? declared - funded[period] : 0;
        amount = exactly ? missing : bound(amount, 0, declared + declared / 5 + 1);
        token.mint(TREASURY, amount);
        vm.prank(TREASURY);
        token.approve(address(distributor), amount);
        vm.prank(TREASURY);
        (bool accepted,) = address(distributor).call(abi.encodeCall(distributor.fund, (period, amount)));
        if (!accepted) return;
        funded[period] += amount;
        fundedSum += amount;
        if (!isFinal(period)) fundedWithoutFinal = true;
    }

    // ---------------------------------------------------------------- how it is sent

    /// @dev A report that continues what the ghost state knows of a period that is over, on any size that is anchored.
    function _nextReport(uint32 period, uint128 distributable, uint256 seed)
        private
        view
        returns (bool any, IRevenueDeclarations.Report memory next)
    {
        uint32 over = (share.today() - FIRST_DAY) / DAYS_PER_PERIOD;
        if (over > MAX_PERIODS) over = MAX_PERIODS;
        uint64[] storage sizes = generations[generation].sizes;
        if (over == 0 || sizes.length == 0) return (false, next);
        period = period % over;
        next = report(period, uint128(bound(distributable, 0, 1e12)));
        Said storage last = saids[period];
        if (last.deadline != 0) (next.revision, next.previousHash) = (uint16(last.revision + 1), last.hash);
        (next.logGeneration, next.logSize) = (generation, sizes[(seed >> 128) % sizes.length]);
        next.signerSetVersion = versionInForce();
        return (true, next);
    }

    function _declare(IRevenueDeclarations.Report memory said, bytes[] memory signatures)
        private
        returns (bool accepted)
    {
        (accepted,) = address(declarations).call(abi.encodeCall(IRevenueDeclarations.declare, (said, signatures)));
    }

    function _signAnchor(uint64 size, bytes32 root, uint256 seed) private view returns (bytes[] memory) {
        return signedBy(quorumOf(versionInForce(), seed >> 16), declarations.anchorDigest(generation, size, root));
    }

    function _firstTwice(bytes[] memory signatures) private pure returns (bytes[] memory longer) {
        longer = new bytes[](signatures.length + 1);
        longer[0] = signatures[0];
        for (uint256 i = 0; i < signatures.length; ++i) {
            longer[i + 1] = signatures[i];
        }
    }
}
