// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AssetShare} from "../../src/AssetShare.sol";
import {IInvestorGate} from "../../src/interfaces/IInvestorGate.sol";
import {Checks} from "../Vm.sol";

/// @title Transfers of shares, for every receiver and every amount
/// @notice The test is gate and authority at once, and lets everybody do everything.
contract AssetShareSymbolic is Checks {
    address private constant SENDER = address(0x5E4D);
    AssetShare private _share;

    function setUp() public {
        vm.warp(20_000 days);
        _share = new AssetShare("Share", "S", IInvestorGate(address(this)), 0, new address[](0), address(this));
    }

    function isAllowed(address) external pure returns (bool) {
        return true;
    }

    function canCall(address, address, bytes4) external pure returns (bool, uint32) {
        return (true, 0);
    }

    /// @dev One sender stands for all; the receiver is anybody, and the sender too.
    function check_a_transfer_moves_shares_and_makes_none(address to, uint96 minted, uint256 amount) external {
        _share.mint(SENDER, minted);
        vm.prank(SENDER);
        assert(_share.transfer(to, amount));
        assert(_share.totalSupply() == minted && amount <= minted);
        if (to == SENDER) assert(_share.balanceOf(to) == minted);
        else assert(_share.balanceOf(SENDER) == minted - amount && _share.balanceOf(to) == amount);
    }

    function check_a_transfer_leaves_what_is_frozen(address to, uint96 minted, uint96 frozen, uint256 amount) external {
        _share.mint(SENDER, minted);
        _share.setFrozenTokens(SENDER, frozen);
        vm.prank(SENDER);
        assert(_share.transfer(to, amount));
        uint256 left = _share.balanceOf(SENDER);
        assert(left == minted || left >= frozen);
        assert(_share.getFrozenTokens(SENDER) == frozen);
    }
}
