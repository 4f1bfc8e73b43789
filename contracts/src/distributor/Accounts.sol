// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title What the distributor keeps for each holder
/// @dev One slot, so that the common holder costs one read. Every function that writes an account is `nonReentrant`:
/// while a payment is under way, nobody else changes an account.
abstract contract Accounts is ReentrancyGuardTransient {
    /// @dev `cursor`: tranches below it are in `creditX96` or paid. The credit can't overflow: all funds together stay
    /// below 2^96 base units, so any part of them stays below 2^192 in X96. `flags`: what is stored elsewhere about the
    /// holder, so that no empty slot is read.
    struct Account {
        uint32 cursor;
        uint192 creditX96;
        uint8 flags;
    }

    /// @dev Payouts are frozen.
    uint8 internal constant FROZEN = 1;
    /// @dev The wallet is lost and has an heir.
    uint8 internal constant HAS_HEIR = 2;
    /// @dev The holder is paid to another address.
    uint8 internal constant HAS_PAYOUT_ADDRESS = 4;
    /// @dev A failure of the gate is noted.
    uint8 internal constant GATE_FAILURE = 8;

    /// @dev flags u8 | creditX96 u192 | cursor u32, packed by hand: a push packs and unpacks hundreds.
    mapping(address holder => uint256) internal _packed;

    function _account(address holder) internal view returns (Account memory) {
        return _unpack(_packed[holder]);
    }

    function _unpack(uint256 packed) internal pure returns (Account memory) {
        return Account(uint32(packed), uint192(packed >> 32), uint8(packed >> 224));
    }

    function _store(address holder, uint32 cursor, uint192 creditX96, uint8 flags) internal {
        _packed[holder] = uint256(flags) << 224 | uint256(creditX96) << 32 | cursor;
    }

    function _store(address holder, Account memory account) internal {
        _store(holder, account.cursor, account.creditX96, account.flags);
    }

    function _setFlag(address holder, uint8 flag, bool on) internal {
        Account memory account = _account(holder);
        account.flags = on ? account.flags | flag : account.flags & ~flag;
        _store(holder, account);
    }
}
