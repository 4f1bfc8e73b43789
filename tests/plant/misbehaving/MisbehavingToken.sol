// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A payment token that may keep a fee, refuse somebody, stand still, and answer nothing
/// @notice All of it in one token, because a walk of random acts changes its behaviour on the way.
contract MisbehavingToken is ERC20 {
    error Blacklisted(address account);
    error Paused();

    uint256 public feeParts; // of 10,000, burnt on every transfer
    bool public paused;
    bool public silent; // returns nothing, like USDT
    mapping(address account => bool) public blacklisted;

    constructor() ERC20("Misbehaving Dollar", "BAD") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setFee(uint256 parts) external {
        feeParts = parts;
    }

    function setPaused(bool to) external {
        paused = to;
    }

    function setSilent(bool to) external {
        silent = to;
    }

    function setBlacklisted(address account, bool to) external {
        blacklisted[account] = to;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        super.transfer(to, amount);
        return _answer();
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        super.transferFrom(from, to, amount);
        return _answer();
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (from == address(0)) return super._update(from, to, amount);
        if (paused) revert Paused();
        if (blacklisted[from]) revert Blacklisted(from);
        if (blacklisted[to]) revert Blacklisted(to);
        uint256 fee = amount * feeParts / 10_000;
        super._update(from, to, amount - fee);
        if (fee != 0) super._update(from, address(0), fee);
    }

    function _answer() private view returns (bool) {
        if (!silent) return true;
        assembly ("memory-safe") {
            return(0, 0)
        }
    }
}
