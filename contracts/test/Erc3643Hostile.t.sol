// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Erc3643Register} from "../src/Erc3643Register.sol";
import {IErc3643Module, IErc3643Token} from "../src/interfaces/IErc3643.sol";
import {Fixture} from "./Fixture.sol";

/// @title A token that answers each question with the words it was given, or not at all
contract HostileToken {
    error Refused();

    struct Reply {
        bool refused;
        bytes words;
    }

    mapping(bytes4 question => Reply) private _replies;

    function reply(bytes4 question, bytes calldata words) external {
        _replies[question] = Reply(false, words);
    }

    function refuse(bytes4 question) external {
        _replies[question] = Reply(true, "");
    }

    fallback(bytes calldata question) external returns (bytes memory) {
        Reply memory given = _replies[bytes4(question[0:4])];
        if (given.refused) revert Refused();
        return given.words;
    }
}

/// @title No hook ever reverts, because that would stop the token; the book stays one that adds up
contract Erc3643HostileTest is Fixture {
    HostileToken private _token;
    Erc3643Register private _register;

    function setUp() public {
        vm.warp(GENESIS);
        _token = new HostileToken();
        _token.reply(IErc3643Token.compliance.selector, abi.encode(address(this)));
        _hold(0);
        _supply(0);
        _register = new Erc3643Register(IErc3643Token(address(_token)), UTC_OFFSET, list(UNSOLD));
        _supply(10);
        _hold(10);
        _register.moduleMintAction(ANN, 10);
        _assertBroken(false);
    }

    /// @dev What the token says about whomever it is asked.
    function _hold(uint256 balance) private {
        _token.reply(IErc3643Token.balanceOf.selector, abi.encode(balance));
    }

    function _supply(uint256 supply) private {
        _token.reply(IErc3643Token.totalSupply.selector, abi.encode(supply));
    }

    function _assertBroken(bool want) private view {
        (bool broken,) = _register.brokenSince();
        assertTrue(broken == want, "broken");
    }

    function _balance(address holder) private returns (uint256) {
        uint32 day = _register.today();
        vm.warp(block.timestamp + 1 days);
        return _register.balanceAt(holder, day);
    }

    function test_a_balance_that_is_not_answered_is_left_as_it_was() public {
        _token.refuse(IErc3643Token.balanceOf.selector);
        _register.moduleBurnAction(ANN, 10);
        _token.reply(IErc3643Token.balanceOf.selector, "");
        _register.moduleBurnAction(ANN, 10);
        _token.reply(IErc3643Token.balanceOf.selector, abi.encode(0, 0));
        _register.moduleBurnAction(ANN, 10);
        _assertBroken(false);
        assertEq(_balance(ANN), 10, "as it was");
    }

    function test_a_supply_that_is_not_answered_breaks_the_day() public {
        _token.refuse(IErc3643Token.totalSupply.selector);
        _register.moduleMintAction(ANN, 0);
        _assertBroken(true);
        _supply(10);
        _register.moduleMintAction(ANN, 0);
        _assertBroken(false);
        _token.reply(IErc3643Token.totalSupply.selector, hex"01");
        assertTrue(!_register.sync(new address[](0)), "one byte is no number");
    }

    function test_a_balance_above_96_bits_is_not_recorded() public {
        _hold(uint256(2) ** 96);
        _supply(uint256(2) ** 96);
        _register.moduleTransferAction(ANN, BOB, 1);
        _assertBroken(true);
        // Every holder alone fits, both together don't.
        _hold(type(uint96).max);
        _register.moduleTransferAction(ANN, BOB, 1);
        _supply(type(uint96).max);
        assertTrue(_register.sync(new address[](0)), "ann's was recorded, bob's was not");
        assertEq(_balance(ANN), type(uint96).max, "ann");
        assertEq(_balance(BOB), 0, "bob");
    }

    function test_nobody_is_the_compliance_of_a_token_that_names_none() public {
        _hold(7);
        _token.refuse(IErc3643Token.compliance.selector);
        _register.moduleMintAction(ANN, 7);
        assertTrue(!_register.isHooked(), "none to ask");
        // An address with more than 160 bits is none either.
        _token.reply(IErc3643Token.compliance.selector, abi.encode(uint256(uint160(address(this))) | 1 << 160));
        _register.moduleMintAction(ANN, 7);
        assertEq(_balance(ANN), 10, "not heard");
    }

    function test_a_compliance_that_says_no_or_nonsense_is_not_hooked() public {
        HostileToken compliance = new HostileToken();
        bytes4 question = bytes4(keccak256("isModuleBound(address)"));
        _token.reply(IErc3643Token.compliance.selector, abi.encode(compliance));
        compliance.reply(question, abi.encode(true));
        assertTrue(_register.isHooked(), "yes");
        compliance.reply(question, abi.encode(false));
        assertTrue(!_register.isHooked(), "no");
        compliance.reply(question, abi.encode(2));
        assertTrue(!_register.isHooked(), "nonsense");
        compliance.refuse(question);
        assertTrue(!_register.isHooked(), "no answer");
    }

    function testFuzz_no_hook_reverts_and_the_parts_add_up(uint256 seed) public {
        address[3] memory holders = [ANN, BOB, UNSOLD];
        for (uint256 step = 0; step < 16; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            bytes4 question = [
                IErc3643Token.balanceOf.selector, IErc3643Token.totalSupply.selector, IErc3643Token.compliance.selector
            ][seed % 3];
            bytes memory word = abi.encode(seed >> (seed >> 8) % 256);
            if (question == IErc3643Token.compliance.selector) word = abi.encode(address(this));
            if (seed >> 16 & 3 == 0) _token.refuse(question);
            else if (seed >> 16 & 3 == 1) _token.reply(question, bytes.concat(word, word));
            else _token.reply(question, word);
            address from = holders[(seed >> 32) % 3];
            address to = holders[(seed >> 40) % 3];
            bytes memory hook = [
                abi.encodeCall(IErc3643Module.moduleTransferAction, (from, to, seed)),
                abi.encodeCall(IErc3643Module.moduleMintAction, (to, seed)),
                abi.encodeCall(IErc3643Module.moduleBurnAction, (from, seed))
            ][(seed >> 48) % 3];
            (bool done,) = address(_register).call(hook);
            assertTrue(done, "no hook reverts");
            vm.warp(block.timestamp + (seed >> 56) % 2 * 1 days);
        }
        _mend(holders);
        uint32 day = _register.today();
        uint32 first = FIRST_DAY;
        uint256 earned = 0;
        for (uint256 h = 0; h < 3; ++h) {
            earned += _register.shareDays(holders[h], first, day);
        }
        assertEq(_register.totalShareDays(first, day), earned, "the parts add up to the whole");
    }

    /// @dev The token becomes honest: everybody holds 5.
    function _mend(address[3] memory holders) private {
        _hold(5);
        _supply(15);
        address[] memory all = new address[](3);
        for (uint256 h = 0; h < 3; ++h) {
            all[h] = holders[h];
        }
        // Twice: while others still stand for too much, a balance may not fit yet.
        _register.sync(all);
        assertTrue(_register.sync(all), "mended");
    }
}
