// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HolderRegister} from "./base/HolderRegister.sol";
import {IErc3643Compliance, IErc3643Module, IErc3643Token} from "./interfaces/IErc3643.sol";
import {IErc3643Register} from "./interfaces/IErc3643Register.sol";
import {DayCheckpoints} from "./lib/DayCheckpoints.sol";

/// @title Erc3643Register
/// @notice Who held an existing ERC-3643 token on which day; see {IErc3643Register}. Nobody has any power over it, and it
/// holds nothing.
contract Erc3643Register is IErc3643Register, HolderRegister {
    using DayCheckpoints for DayCheckpoints.Trace;

    struct Soundness {
        bool broken;
        uint32 day;
    }

    uint256 public constant MAX_HOLDERS = 256;

    /// @notice The token whose holders are recorded; no binding and no hook can change it.
    IErc3643Token public immutable token;

    Soundness private _soundness;
    /// @inheritdoc IErc3643Module
    mapping(address compliance => bool) public isComplianceBound;

    /// @param token_ A token that has holders already leaves the register broken until `sync` has seen them all.
    /// @param utcOffset_ Seconds that the asset's clock is ahead of UTC, -12 h to +14 h.
    /// @param excluded_ At most 8 addresses (treasury, unsold tokens) that earn nothing.
    constructor(IErc3643Token token_, int32 utcOffset_, address[] memory excluded_)
        HolderRegister(utcOffset_, excluded_)
    {
        if (address(token_).code.length == 0) revert NoContract(address(token_));
        token = token_;
        _close(today(), 0, 0);
    }

    // ---------------------------------------------------------------- what the compliance contract calls

    /// @inheritdoc IErc3643Module
    function moduleTransferAction(address from, address to, uint256) external {
        if (!_isCompliance(msg.sender)) return;
        uint32 day = today();
        uint96 before = _latestSum();
        _close(day, before, _look(to, day, _look(from, day, before)));
    }

    /// @inheritdoc IErc3643Module
    function moduleMintAction(address to, uint256) external {
        _lookFor(to);
    }

    /// @inheritdoc IErc3643Module
    function moduleBurnAction(address from, uint256) external {
        _lookFor(from);
    }

    /// @inheritdoc IErc3643Module
    function bindCompliance(address compliance) external {
        if (msg.sender != compliance) revert NotTheCompliance(msg.sender, compliance);
        isComplianceBound[compliance] = true;
        emit ComplianceBound(compliance);
    }

    /// @inheritdoc IErc3643Module
    function unbindCompliance(address compliance) external {
        if (msg.sender != compliance) revert NotTheCompliance(msg.sender, compliance);
        isComplianceBound[compliance] = false;
        emit ComplianceUnbound(compliance);
    }

    /// @inheritdoc IErc3643Module
    /// @dev A register records what happens; it forbids nothing.
    function moduleCheck(address, address, uint256, address) external pure returns (bool) {
        return true;
    }

    /// @inheritdoc IErc3643Module
    /// @dev Any may, so that the module can be added to a compliance contract before the token changes over to it, and no
    /// move in between is missed. Only the token's present one is listened to.
    function canComplianceBind(address) external pure returns (bool) {
        return true;
    }

    /// @inheritdoc IErc3643Module
    function isPlugAndPlay() external pure returns (bool) {
        return true;
    }

    /// @inheritdoc IErc3643Module
    function name() external pure returns (string memory) {
        return "Erc3643Register";
    }

    // ---------------------------------------------------------------- what anybody calls

    /// @inheritdoc IErc3643Register
    function sync(address[] calldata holders) external returns (bool sound) {
        if (holders.length > MAX_HOLDERS) revert TooManyHolders(holders.length, MAX_HOLDERS);
        uint32 day = today();
        uint96 before = _latestSum();
        uint96 sum = before;
        for (uint256 i = 0; i < holders.length; ++i) {
            sum = _look(holders[i], day, sum);
        }
        return _close(day, before, sum);
    }

    /// @inheritdoc IErc3643Register
    function brokenSince() external view returns (bool broken, uint32 day) {
        return (_soundness.broken, _soundness.day);
    }

    /// @inheritdoc IErc3643Register
    function isHooked() external view returns (bool) {
        (bool answered, uint256 compliance) = _ask(address(token), abi.encodeCall(IErc3643Token.compliance, ()));
        if (!answered) return false;
        bytes memory question = abi.encodeCall(IErc3643Compliance.isModuleBound, (address(this)));
        (bool told, uint256 bound) = _ask(address(uint160(compliance)), question);
        return told && bound == 1;
    }

    function _lookFor(address holder) private {
        if (!_isCompliance(msg.sender)) return;
        uint32 day = today();
        uint96 before = _latestSum();
        _close(day, before, _look(holder, day, before));
    }

    /// @dev Records what the token says `holder` has, and returns the sum that follows from `sum`. A balance that can't be
    /// read, or doesn't fit, is left as it was: the sums will differ, and no hook may revert, because that would stop the
    /// token.
    function _look(address holder, uint32 day, uint96 sum) private returns (uint96) {
        (bool answered, uint256 balance) = _ask(address(token), abi.encodeCall(IErc3643Token.balanceOf, (holder)));
        uint96 before = _traceOf(holder).latest();
        if (!answered || balance == before) return sum;
        // No recorded balance exceeds the recorded sum.
        uint96 others = sum - before;
        if (balance > type(uint96).max - others) return sum;
        _setBalance(holder, day, before, uint96(balance));
        return others + uint96(balance);
    }

    /// @dev Ends a look: writes the recorded sum if it moved from `before` to `sum`, compares it with the supply, and
    /// writes the outcome if it changed.
    function _close(uint32 day, uint96 before, uint96 sum) private returns (bool sound) {
        if (sum != before) _setSum(day, sum);
        (bool answered, uint256 supply) = _ask(address(token), abi.encodeCall(IErc3643Token.totalSupply, ()));
        sound = answered && supply == sum;
        if (sound == !_soundness.broken) return sound;
        _soundness = sound ? Soundness(false, 0) : Soundness(true, day);
        if (sound) emit RegisterMended(day, supply);
        else emit RegisterBroken(day, sum, supply);
    }

    function _isCompliance(address caller) private view returns (bool) {
        (bool answered, uint256 compliance) = _ask(address(token), abi.encodeCall(IErc3643Token.compliance, ()));
        return answered && compliance == uint160(caller);
    }

    /// @dev The one word that `whom` answers, or nothing when it reverts or answers something else.
    function _ask(address whom, bytes memory question) private view returns (bool answered, uint256 word) {
        (bool success, bytes memory answer) = whom.staticcall(question);
        answered = success && answer.length == 32;
        if (answered) word = abi.decode(answer, (uint256));
    }

    function _requireSound(uint32 toDay) internal view override {
        Soundness memory soundness = _soundness;
        if (soundness.broken && toDay > soundness.day) revert DayBroken(soundness.day);
    }
}
