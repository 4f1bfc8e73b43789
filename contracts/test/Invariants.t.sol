// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRevenueDeclarations} from "../src/interfaces/IRevenueDeclarations.sol";
import {Fixture} from "./Fixture.sol";

/// @title A small world that does random, legal things to one asset, and keeps its own books
/// @notice The books share nothing with the contracts: a table of every balance on every day, and accounts that are
/// credited at the moment of funding, holder by holder and day by day, where the contracts reckon lazily with cursors.
/// Nothing here may revert: a refusal would mean that the world misunderstands the rules.
contract World is Fixture {
    uint256 public constant HOLDERS = 5;
    uint32 public constant MAX_DAYS = 64;
    uint256 public constant MAX_TRANCHES = 24;

    address[5] public holders = [ANN, BOB, CAT, address(0xD4), UNSOLD];
    /// @dev Balance of each holder at the end of each day, counted from FIRST_DAY; the last row is today's so far.
    mapping(uint32 day => uint256[5]) private _table;
    uint32 public lastDay;
    uint256[5] public creditX96;
    uint256[5] public paid;
    uint256 public carryX96;
    uint256 public funded;
    uint32 public periodsDeclared;
    uint64 public largestAnchored;
    mapping(uint32 period => bytes32) public firstHash;

    /// @dev Broken promises of single actions; the invariants read them.
    bool public anchoredSizeFell;
    bool public pushChangedWhatIsOwed;
    bool public somethingElseLoweredOwed;
    bool public claimDiffersFromOwed;

    constructor() {
        deploy();
        allow(holders[3], true);
        mint(UNSOLD, 1_000);
        mint(ANN, 700);
        mint(BOB, 299);
        _table[0] = [uint256(700), 299, 0, 0, 1_000];
        anchorMore(1);
        largestAnchored = 1;
    }

    // ---------------------------------------------------------------- what may happen

    function transfer(uint256 from, uint256 to, uint256 amount) external {
        uint256[5] memory before = _owedX96();
        (from, to) = (from % HOLDERS, to % HOLDERS);
        uint256[5] storage row = _table[lastDay];
        amount = bound(amount, 0, row[from]);
        bool fromAllowed = gate.isAllowed(holders[from]);
        bool toAllowed = gate.isAllowed(holders[to]);
        allow(holders[from], true);
        allow(holders[to], true);
        move(holders[from], holders[to], amount);
        allow(holders[from], from == to ? toAllowed : fromAllowed);
        allow(holders[to], toAllowed);
        row[from] -= amount;
        row[to] += amount;
        _nothingLowered(before);
    }

    function issue(uint256 to, uint256 amount) external {
        to = to % HOLDERS;
        if (!gate.isAllowed(holders[to])) return;
        amount = bound(amount, 0, 5_000);
        mint(holders[to], amount);
        _table[lastDay][to] += amount;
    }

    function waitSomeDays(uint32 days_) external {
        uint256[5] memory before = _owedX96();
        days_ = uint32(bound(days_, 1, 4));
        for (uint32 i = 0; i < days_ && lastDay + 1 < MAX_DAYS; ++i) {
            _table[lastDay + 1] = _table[lastDay];
            ++lastDay;
        }
        toDay(FIRST_DAY + lastDay);
        _nothingLowered(before);
    }

    function anchor(uint8 entries) external {
        if (log.size() > 40) return;
        anchorMore(entries % 4 + 1);
        (, uint64 size,) = declarations.head();
        if (size < largestAnchored) anchoredSizeFell = true;
        largestAnchored = size;
    }

    function declareNext(uint128 distributable) external {
        if ((periodsDeclared + 1) * DAYS_PER_PERIOD > lastDay) return;
        declare(periodsDeclared, uint128(bound(distributable, 0, 1e12)));
        firstHash[periodsDeclared] = declarations.reportHash(periodsDeclared);
        ++periodsDeclared;
    }

    function fundSome(uint32 period, uint256 amount) external {
        if (periodsDeclared == 0 || distributor.trancheCount() >= MAX_TRANCHES) return;
        period = period % periodsDeclared;
        uint256 room = distributor.fundable(period);
        uint256 least = (uint256(declarations.distributableOf(period)) + 99) / 100;
        (uint256[5] memory shareDays, uint256 total) = _shareDays(period);
        if (room == 0 || total == 0) return;
        amount = least >= room ? room : bound(amount, least, room);
        fund(period, amount);

        funded += amount;
        uint256 x = amount * 2 ** 96 + carryX96;
        carryX96 = x % total;
        for (uint256 h = 0; h < HOLDERS; ++h) {
            creditX96[h] += x / total * shareDays[h];
        }
    }

    function claimSome(uint256 who, uint32 upTo) external {
        who = who % HOLDERS;
        address holder = holders[who];
        if (!gate.isAllowed(holder) || token.blacklisted(holder)) return;
        upTo = uint32(bound(upTo, 0, distributor.trancheCount()));
        uint256 expected = distributor.owed(holder, upTo);
        uint256 amount = claim(holder, upTo);
        if (amount != expected) claimDiffersFromOwed = true;
        paid[who] += amount;
    }

    function pushSome(uint256 seed, uint32 upTo) external {
        uint32 count = distributor.trancheCount();
        upTo = uint32(bound(upTo, 0, count));
        address[] memory some = list(holders[seed % 5], holders[(seed >> 8) % 5], holders[(seed >> 16) % 5]);
        uint256[5] memory before = _owedX96();
        uint256[5] memory balances = _balances();
        distributor.push(some, upTo);
        uint256[5] memory later = _owedX96();
        for (uint256 h = 0; h < HOLDERS; ++h) {
            uint256 got = token.balanceOf(holders[h]) - balances[h];
            paid[h] += got;
            if (later[h] + (got << 96) != before[h]) pushChangedWhatIsOwed = true;
        }
    }

    function setGate(uint256 who, bool allowed) external {
        uint256[5] memory before = _owedX96();
        allow(holders[who % HOLDERS], allowed);
        _nothingLowered(before);
    }

    function setBlacklist(uint256 who, bool blocked) external {
        uint256[5] memory before = _owedX96();
        token.setBlacklisted(holders[who % HOLDERS], blocked);
        _nothingLowered(before);
    }

    // ---------------------------------------------------------------- the books, and the contracts beside them

    function _shareDays(uint32 period) private view returns (uint256[5] memory each, uint256 total) {
        for (uint32 d = period * DAYS_PER_PERIOD; d < (period + 1) * DAYS_PER_PERIOD; ++d) {
            for (uint256 h = 0; h + 1 < HOLDERS; ++h) {
                each[h] += _table[d][h];
                total += _table[d][h];
            }
        }
    }

    function _owedX96() private view returns (uint256[5] memory owed) {
        uint32 count = distributor.trancheCount();
        for (uint256 h = 0; h < HOLDERS; ++h) {
            owed[h] = distributor.owedX96(holders[h], count);
        }
    }

    function _balances() private view returns (uint256[5] memory balances) {
        for (uint256 h = 0; h < HOLDERS; ++h) {
            balances[h] = token.balanceOf(holders[h]);
        }
    }

    function _nothingLowered(uint256[5] memory before) private {
        uint256[5] memory later = _owedX96();
        for (uint256 h = 0; h < HOLDERS; ++h) {
            if (later[h] < before[h]) somethingElseLoweredOwed = true;
        }
    }

    function checkSolvency() external view {
        uint32 count = distributor.trancheCount();
        uint256 owed = 0;
        uint256 fractions = distributor.carryX96();
        for (uint256 h = 0; h < HOLDERS; ++h) {
            owed += distributor.owed(holders[h], count);
            fractions += distributor.owedX96(holders[h], count);
        }
        uint256 held = token.balanceOf(address(distributor));
        assertAtMost(owed, held, "owed is covered by what is held");
        assertEq(fractions, held << 96, "what is held is owed or carried, to the last fraction");
        assertEq(distributor.totalFunded() - distributor.totalPaid(), held, "funded less paid is held");
        assertEq(distributor.totalFunded(), funded, "funded");
        assertEq(distributor.carryX96(), carryX96, "carry");
    }

    function checkHolders() external view {
        uint32 count = distributor.trancheCount();
        for (uint256 h = 0; h < HOLDERS; ++h) {
            uint256 got = (paid[h] << 96) + distributor.owedX96(holders[h], count);
            assertEq(got, creditX96[h], "paid and owed of a holder equal the books");
            assertEq(token.balanceOf(holders[h]), paid[h], "paid has arrived");
        }
    }

    function checkFunding() external view {
        uint256 declaredSum = 0;
        for (uint32 p = 0; p < periodsDeclared; ++p) {
            (uint256 declared, uint256 got) = distributor.coverage(p);
            assertAtMost(got, declared, "funded at most the distributable");
            declaredSum += declared;
        }
        assertEq(declarations.totalDistributable(), declaredSum, "total declared");
        assertEq(distributor.arrears(), declaredSum - funded, "arrears");
    }

    function checkRegister() external view {
        for (uint32 d = 0; d < lastDay; ++d) {
            uint256 supply = 0;
            for (uint256 h = 0; h < HOLDERS; ++h) {
                uint256 held = share.balanceAt(holders[h], FIRST_DAY + d);
                assertEq(held, _table[d][h], "the balance of a past day is what it was");
                supply += held;
            }
            assertEq(share.supplyAt(FIRST_DAY + d), supply, "the supply of a past day");
        }
    }

    function checkBalances() external view {
        uint256 supply = 0;
        for (uint256 h = 0; h < HOLDERS; ++h) {
            assertEq(share.balanceOf(holders[h]), _table[lastDay][h], "the balance now");
            supply += _table[lastDay][h];
        }
        assertEq(share.totalSupply(), supply, "the supply now");
    }

    function checkShareDays() external view {
        uint32 end = FIRST_DAY + lastDay;
        uint256 total = 0;
        for (uint256 h = 0; h < HOLDERS; ++h) {
            uint256 whole = share.shareDays(holders[h], FIRST_DAY, end);
            uint256 sum = 0;
            for (uint32 from = FIRST_DAY; from < end; from += 5) {
                uint32 to = from + 5 < end ? from + 5 : end;
                sum += share.shareDays(holders[h], from, to);
            }
            assertEq(sum, whole, "share-days add up over a split");
            total += whole;
        }
        assertEq(share.totalShareDays(FIRST_DAY, end), total, "the total is the sum over the holders");
    }

    function checkReports() external view {
        for (uint32 p = 0; p < periodsDeclared; ++p) {
            assertTrue(declarations.status(p) == IRevenueDeclarations.Status.Final, "final stays final");
            assertEq(declarations.reportHash(p), firstHash[p], "a final report never changes");
        }
        assertTrue(declarations.status(periodsDeclared) == IRevenueDeclarations.Status.None, "none yet");
    }

    function checkLog() external view {
        (, uint64 size, bytes32 root) = declarations.head();
        assertEq(size, largestAnchored, "the head is the largest size anchored");
        assertEq(root, log.root(size), "with its root");
    }
}

/// @title The invariants, each as a sentence
contract InvariantsTest is Fixture {
    World private world;

    function setUp() public {
        world = new World();
    }

    /// @dev Read by forge: only the world acts.
    function targetContracts() public view returns (address[] memory) {
        return list(address(world));
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev Read by forge: the deeds, and none of the checks.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory deeds = new bytes4[](10);
        deeds[0] = World.transfer.selector;
        deeds[1] = World.issue.selector;
        deeds[2] = World.waitSomeDays.selector;
        deeds[3] = World.anchor.selector;
        deeds[4] = World.declareNext.selector;
        deeds[5] = World.fundSome.selector;
        deeds[6] = World.claimSome.selector;
        deeds[7] = World.pushSome.selector;
        deeds[8] = World.setGate.selector;
        deeds[9] = World.setBlacklist.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(world), deeds);
    }

    function invariant_the_distributor_holds_what_it_owes() public view {
        world.checkSolvency();
    }

    function invariant_every_holder_has_been_paid_or_is_owed_what_the_books_say() public view {
        world.checkHolders();
        assertTrue(!world.claimDiffersFromOwed(), "a claim pays what was owed");
    }

    function invariant_funding_never_exceeds_what_a_final_report_allows() public view {
        world.checkFunding();
    }

    function invariant_the_balances_of_past_days_never_change() public view {
        world.checkRegister();
        world.checkBalances();
    }

    function invariant_share_days_add_up_over_splits_and_over_holders() public view {
        world.checkShareDays();
    }

    function invariant_a_final_report_never_changes() public view {
        world.checkReports();
    }

    function invariant_the_anchored_log_only_grows() public view {
        world.checkLog();
        assertTrue(!world.anchoredSizeFell(), "the size never fell");
    }

    function invariant_push_never_changes_who_is_owed_what() public view {
        assertTrue(!world.pushChangedWhatIsOwed(), "owed before = paid + owed after");
    }

    function invariant_nothing_lowers_what_is_owed_but_a_payment() public view {
        assertTrue(!world.somethingElseLoweredOwed(), "owed never fell by itself");
    }
}
