// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BlacklistToken} from "../tokens/BlacklistToken.sol";
import {MoneyGhosts} from "./MoneyGhosts.sol";

/// @title The handler of the walks over money: what may happen
/// @notice Legal actions only, in any order. None of them may revert: a refusal would mean that the handler misunderstands
/// the rules. Three times out of four a switch is thrown to the side on which money flows.
abstract contract MoneyHandler is MoneyGhosts {
    /// @dev A claim paid something else than what was owed just before.
    bool internal claimDiffersFromOwed;
    /// @dev The last action was a push.
    bool internal justPushed;

    struct Loss {
        uint256 heir;
        uint256 readyAt;
    }

    /// @dev Redirects that were proposed and not executed; `readyAt` 0: none.
    Loss[5] private _losses;

    modifier action() {
        if (justPushed) justPushed = false;
        _;
    }

    // ---------------------------------------------------------------- shares and days

    function transfer(uint256 from, uint256 to, uint256 amount) external action {
        (from, to) = (from % HOLDERS, to % HOLDERS);
        if (!allowed[from] || !allowed[to]) return;
        amount = bound(amount, 0, table[lastDay][from]);
        move(holders[from], holders[to], amount);
        _moved(from, to, amount);
    }

    /// @dev Nobody asks whether the sender is allowed.
    function force(uint256 from, uint256 to, uint256 amount) external action {
        (from, to) = (from % HOLDERS, to % HOLDERS);
        if (from == to || !allowed[to] || table[lastDay][from] == 0) return;
        amount = bound(amount, 1, table[lastDay][from]);
        vm.prank(ENFORCER);
        share.forcedTransfer(holders[from], holders[to], amount, "court order");
        _moved(from, to, amount);
    }

    function issue(uint256 to, uint256 amount) external action {
        to = to % HOLDERS;
        if (!allowed[to]) return;
        amount = bound(amount, 0, 5_000);
        mint(holders[to], amount);
        table[lastDay][to] += amount;
    }

    function burn(uint256 amount) external action {
        uint256 issuer = 3;
        if (!allowed[issuer]) return;
        amount = bound(amount, 0, table[lastDay][issuer]);
        vm.prank(ISSUER);
        share.burn(amount);
        table[lastDay][issuer] -= amount;
    }

    function waitSomeDays(uint32 days_) external action {
        days_ = uint32(bound(days_, 1, 5));
        for (uint32 i = 0; i < days_ && lastDay + 1 < MAX_DAYS; ++i) {
            table[lastDay + 1] = table[lastDay];
            ++lastDay;
        }
        toDay(FIRST_DAY + lastDay);
    }

    // ---------------------------------------------------------------- money

    function declareNext(uint128 distributable) external action {
        if ((periodsDeclared + 1) * DAYS_PER_PERIOD > lastDay) return;
        declare(periodsDeclared, uint128(bound(distributable, 0, 1e12)));
        ++periodsDeclared;
    }

    function fundSome(uint32 period, uint256 amount) external action {
        if (periodsDeclared == 0 || distributor.trancheCount() >= MAX_TRANCHES) return;
        period = period % periodsDeclared;
        (uint256 declared, uint256 before) = distributor.coverage(period);
        (uint256[5] memory shareDays, uint256 total) = shareDaysOf(period);
        uint256 room = declared - before;
        if (room == 0 || total == 0) return;
        uint256 least = (declared + 99) / 100;
        amount = least >= room ? room : bound(amount, least, room);
        fund(period, amount);
        creditAll(shareDays, total, amount);
        stoodX96 = standingX96();
    }

    function claimSome(uint256 who, uint32 upTo) external action {
        who = who % HOLDERS;
        address holder = holders[who];
        if (!allowed[who] || BlacklistToken(address(token)).blacklisted(holder)) return;
        if (distributor.isPayoutFrozen(holder)) return;
        upTo = uint32(bound(upTo, 0, distributor.trancheCount()));
        // What a lost wallet is owed is handed on, not paid.
        uint256 expected = heirs[who] == who ? distributor.owed(holder, upTo) : 0;
        uint256 amount = claim(holder, upTo);
        if (amount != expected) claimDiffersFromOwed = true;
        paid[who] += amount;
    }

    function pushSome(uint256 seed, uint32 upTo) external action {
        upTo = uint32(bound(upTo, 0, distributor.trancheCount()));
        uint256[5] memory before = tokenBalances();
        distributor.push(list(holders[seed % 5], holders[(seed >> 8) % 5], holders[(seed >> 16) % 5]), upTo);
        for (uint256 h = 0; h < HOLDERS; ++h) {
            paid[h] += token.balanceOf(holders[h]) - before[h];
        }
        justPushed = true;
    }

    // ---------------------------------------------------------------- who may be paid

    function loseWallet(uint256 who, uint256 to) external action {
        (who, to) = (who % HOLDERS, to % HOLDERS);
        // A wallet is lost once, and not in a circle; a proposal stands for 37 days.
        if (heirs[who] != who || lastHeir(to) == who) return;
        if (_losses[who].readyAt != 0 && block.timestamp < _losses[who].readyAt + 30 days) return;
        vm.prank(ENFORCER);
        distributor.proposeRedirect(holders[who], holders[to], "lost");
        _losses[who] = Loss(to, block.timestamp + 7 days);
    }

    /// @dev Executes one redirect that is due, if there is any.
    function handOver(uint256 first) external action {
        for (uint256 i = 0; i < HOLDERS; ++i) {
            uint256 who = (first % HOLDERS + i) % HOLDERS;
            Loss memory loss = _losses[who];
            bool due = loss.readyAt != 0 && block.timestamp >= loss.readyAt && block.timestamp < loss.readyAt + 30 days;
            if (!due || lastHeir(loss.heir) == who) continue;
            distributor.executeRedirect(holders[who]);
            (heirs[who], _losses[who]) = (loss.heir, Loss(0, 0));
            return;
        }
    }

    function setFrozen(uint256 who, uint8 dice) external action {
        vm.prank(COMPLIANCE);
        distributor.setPayoutFrozen(list(holders[who % HOLDERS]), dice % 4 == 0);
    }

    function setAllowed(uint256 who, uint8 dice) external action {
        who = who % HOLDERS;
        allowed[who] = dice % 4 != 0;
        allow(holders[who], allowed[who]);
    }

    function setBlacklisted(uint256 who, uint8 dice) external action {
        BlacklistToken(address(token)).setBlacklisted(holders[who % HOLDERS], dice % 4 == 0);
    }

    function _moved(uint256 from, uint256 to, uint256 amount) private {
        uint256[5] storage row = table[lastDay];
        row[from] -= amount;
        row[to] += amount;
    }
}
