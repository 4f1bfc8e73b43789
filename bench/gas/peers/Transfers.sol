// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {VotesExtended} from "@openzeppelin/contracts/governance/utils/VotesExtended.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title A token that remembers nothing
contract PlainToken is ERC20("Plain", "PLAIN") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @title A token that remembers the balances of those who delegated, at every second
contract VotesToken is ERC20("Votes", "VOTES"), EIP712("Votes", "1"), ERC20Votes {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }
}

/// @title A token that remembers everybody's balance at every second
contract VotesExtendedToken is ERC20("Extended", "EXT"), EIP712("Extended", "1"), VotesExtended {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function clock() public view virtual override returns (uint48) {
        return uint48(block.timestamp);
    }

    function CLOCK_MODE() public pure virtual override returns (string memory) {
        return "mode=timestamp";
    }

    /// @dev As ERC20Votes does it.
    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        _transferVotingUnits(from, to, value);
    }

    function _getVotingUnits(address account) internal view override(Votes) returns (uint256) {
        return balanceOf(account);
    }
}

/// @title The same with a clock of days (ERC-6372 lets a token have its own), so that it remembers what our shares remember
contract VotesExtendedByDay is VotesExtendedToken {
    function clock() public view override returns (uint48) {
        return uint48(block.timestamp / 1 days);
    }

    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=days";
    }
}
