// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title How much of each period is funded
/// @dev Two bits a period, 128 periods a slot: whether it is funded at all, and whether whole. Most periods are
/// funded in one go and need no other slot; the amount has a slot only while a period is funded in part. The distributable
/// amount of a Final report never changes, so "whole" says how much is funded.
abstract contract Coverage {
    uint256 private constant IN_PART = 1;
    uint256 private constant WHOLE = 2;

    mapping(uint256 group => uint256 bits) private _states;
    mapping(uint32 period => uint256) private _inPart;

    /// @dev Base units funded of the `declared` ones.
    function _fundedOf(uint32 period, uint256 declared) internal view returns (uint256) {
        uint256 state = _states[period >> 7] >> _shift(period) & 3;
        if (state == WHOLE) return declared;
        return state == IN_PART ? _inPart[period] : 0;
    }

    /// @dev Notes that `funded` of the `declared` base units are funded now.
    function _setFunded(uint32 period, uint256 funded, uint256 declared) internal {
        uint256 bits = _states[period >> 7];
        uint256 others = bits & ~(uint256(3) << _shift(period));
        bool whole = funded == declared;
        _states[period >> 7] = others | (whole ? WHOLE : IN_PART) << _shift(period);
        if (!whole) _inPart[period] = funded;
        else if (bits != others) delete _inPart[period];
    }

    function _shift(uint32 period) private pure returns (uint256) {
        return uint256(period & 127) << 1;
    }
}
