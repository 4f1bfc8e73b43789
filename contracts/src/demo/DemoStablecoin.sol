// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title DemoStablecoin
/// @notice Stands for the stablecoin where there is none: an ERC-20 with 6 decimals that its owner may create at will.
/// It is worth nothing and belongs to demos and tests only.
contract DemoStablecoin is ERC20, Ownable {
    constructor(address owner) ERC20("Demo Dollar", "DEMO") Ownable(owner) {}

    /// @notice Creates `amount` base units (millionths) for `to`.
    function mint(address to, uint256 amount) external onlyOwner {
        _mint(to, amount);
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
