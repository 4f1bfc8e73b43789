// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governed} from "../base/Governed.sol";
import {IGateWatch} from "../interfaces/IGateWatch.sol";
import {IInvestorGate} from "../interfaces/IInvestorGate.sol";
import {Accounts} from "./Accounts.sol";

/// @title GateWatch
/// @notice Asks the gate, and outlives it; see {IGateWatch}.
abstract contract GateWatch is IGateWatch, Governed, Accounts {
    /// @dev `paid`: base units paid out so far. It shares the gate's slot because every payment reads the one and adds to
    /// the other.
    struct Till {
        IInvestorGate gate;
        uint96 paid;
    }

    struct Failure {
        uint40 since;
        uint32 gateVersion;
    }

    enum Answer {
        Fails,
        Refuses,
        Allows
    }

    /// @notice Gas that a gate may use for an answer.
    uint256 public constant GATE_GAS = 100_000;
    /// @notice How long a gate must fail for a holder before that holder is paid without it.
    uint40 public constant GATE_GRACE = 30 days;
    /// @dev A call may pass on at most 63/64 of the gas that is left (EIP-150): GATE_GAS * 64 / 63, and some to make the
    /// call. A literal, because the compiler works a formula out anew at each use.
    uint256 internal constant GATE_LEAST = 107_000;

    Till internal _till;
    uint32 private _gateVersion;
    mapping(address holder => Failure) private _failures;

    constructor(IInvestorGate gate_) {
        _setGate(gate_);
    }

    /// @inheritdoc IGateWatch
    function setGate(IInvestorGate newGate) external restricted {
        if (address(newGate) == address(_till.gate)) revert GateUnchanged(address(newGate));
        _setGate(newGate);
    }

    /// @inheritdoc IGateWatch
    function noteGate(address holder) external nonReentrant {
        uint8 flags = _account(holder).flags;
        if (_ask(holder) == Answer.Fails) {
            if (_graceEndsAt(holder, flags) != 0) return;
            _failures[holder] = Failure(uint40(block.timestamp), _gateVersion);
            _setFlag(holder, GATE_FAILURE, true);
            emit GateFailureNoted(holder, uint40(block.timestamp) + GATE_GRACE);
        } else if (flags & GATE_FAILURE != 0) {
            _setFlag(holder, GATE_FAILURE, false);
            emit GateAnswerNoted(holder);
        }
    }

    /// @inheritdoc IGateWatch
    function gate() external view returns (IInvestorGate) {
        return _till.gate;
    }

    /// @inheritdoc IGateWatch
    function gateGraceEndsAt(address holder) external view returns (uint40) {
        return _graceEndsAt(holder, _account(holder).flags);
    }

    /// @dev The gate's answer for `who`, whose account is `account`. A failure past its grace reads as Allows. If the gate
    /// answers, GATE_FAILURE is cleared in `account`; the caller stores the account or drops it.
    function _verdict(address who, Account memory account) internal view returns (Answer answer) {
        answer = _ask(who);
        if (answer != Answer.Fails) {
            if (account.flags & GATE_FAILURE != 0) account.flags &= ~GATE_FAILURE;
            return answer;
        }
        uint40 endsAt = _graceEndsAt(who, account.flags);
        if (endsAt != 0 && block.timestamp >= endsAt) return Answer.Allows;
    }

    function _graceEndsAt(address holder, uint8 flags) internal view returns (uint40) {
        if (flags & GATE_FAILURE == 0) return 0;
        Failure memory failure = _failures[holder];
        return failure.gateVersion == _gateVersion ? failure.since + GATE_GRACE : 0;
    }

    /// @dev The gas is checked first, so that nobody can fake a failure by starving the call.
    function _ask(address who) private view returns (Answer) {
        if (gasleft() < GATE_LEAST) revert GasTooLow(gasleft(), GATE_LEAST);
        address asked = address(_till.gate);
        bytes4 selector = IInvestorGate.isAllowed.selector;
        bool answered;
        uint256 word;
        // Assembly to copy one word of whatever a hostile gate may return, and because a push asks hundreds of times: the
        // 36 bytes of the call fit the scratch space.
        assembly ("memory-safe") {
            mstore(0, selector)
            mstore(4, and(who, 0xffffffffffffffffffffffffffffffffffffffff))
            answered := staticcall(GATE_GAS, asked, 0, 36, 0, 32)
            answered := and(answered, gt(returndatasize(), 31))
            word := mload(0)
        }
        if (!answered || word > 1) return Answer.Fails;
        return word == 1 ? Answer.Allows : Answer.Refuses;
    }

    function _setGate(IInvestorGate newGate) private {
        if (address(newGate).code.length == 0) revert NoContract(address(newGate));
        emit GateSet(address(_till.gate), address(newGate));
        _till.gate = newGate;
        ++_gateVersion;
    }
}
