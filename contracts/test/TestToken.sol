// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A payment token that can misbehave in every way the field has seen
/// @notice Well-behaved unless told otherwise.
contract TestToken is ERC20 {
    enum Answer {
        True,
        Nothing,
        False,
        Garbage,
        Short
    }

    error Blacklisted(address account);
    error Paused();

    uint256 public feeParts; // of 10,000, kept by the token on every transfer
    uint256 public bonus; // delivered beyond what was asked for
    Answer public answer;
    bool public paused;
    bool public eatsGas;
    address public hookTarget;
    bytes public hookCall;
    bool public hookFailed;
    mapping(address => bool) public blacklisted;

    constructor() ERC20("Test Dollar", "TEST") {}

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setFee(uint256 parts) external {
        feeParts = parts;
    }

    function setBonus(uint256 amount) external {
        bonus = amount;
    }

    function setAnswer(Answer chosen) external {
        answer = chosen;
    }

    function setPaused(bool to) external {
        paused = to;
    }

    function setEatsGas(bool to) external {
        eatsGas = to;
    }

    function setBlacklisted(address account, bool to) external {
        blacklisted[account] = to;
    }

    /// @dev On every transfer, call `target` with `data`; whether it failed is remembered.
    function setHook(address target, bytes calldata data) external {
        hookTarget = target;
        hookCall = data;
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
        if (eatsGas) {
            while (true) {
                continue;
            }
        }
        uint256 fee = amount * feeParts / 10_000;
        super._update(from, to, amount - fee);
        if (fee != 0) super._update(from, address(0), fee);
        if (bonus != 0) super._update(address(0), to, bonus);
        if (hookTarget != address(0)) {
            (bool done,) = hookTarget.call(hookCall);
            hookFailed = !done;
        }
    }

    function _answer() private view returns (bool) {
        if (answer == Answer.True) return true;
        if (answer == Answer.False) return false;
        if (answer == Answer.Nothing) {
            assembly {
                return(0, 0)
            }
        }
        if (answer == Answer.Short) {
            assembly {
                mstore(0, not(0))
                return(0, 31)
            }
        }
        assembly {
            mstore(0, 2)
            return(0, 32)
        }
    }
}
