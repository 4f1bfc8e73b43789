// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {RevenueDistributor} from "../../src/RevenueDistributor.sol";
import {IHolderRegister} from "../../src/interfaces/IHolderRegister.sol";
import {IInvestorGate} from "../../src/interfaces/IInvestorGate.sol";
import {IRevenueDeclarations} from "../../src/interfaces/IRevenueDeclarations.sol";
import {Checks} from "../Vm.sol";

/// @title Funding, for every amount and every number of share-days
/// @notice The test is the declarations, the register, the gate, the token and the authority of a real distributor.
contract FundingSymbolic is Checks {
    int32 public constant utcOffset = 0;
    uint32 public constant firstDay = 0;
    uint32 public constant daysPerPeriod = 1;

    mapping(address account => uint256) public balanceOf;
    uint96 private _distributable;
    uint256 private _shareDays;
    RevenueDistributor private _distributor;

    function setUp() public {
        vm.warp(20_000 days);
        _distributor = new RevenueDistributor(
            IRevenueDeclarations(address(this)),
            IHolderRegister(address(this)),
            IInvestorGate(address(this)),
            IERC20(address(this)),
            address(this)
        );
    }

    function canCall(address, address, bytes4) external pure returns (bool, uint32) {
        return (true, 0);
    }

    function distributableOf(uint32) external view returns (uint96) {
        return _distributable;
    }

    function status(uint32) external pure returns (IRevenueDeclarations.Status) {
        return IRevenueDeclarations.Status.Final;
    }

    function totalShareDays(uint32, uint32) external view returns (uint256) {
        return _shareDays;
    }

    function transfer(address, uint256) external pure returns (bool) {
        return true;
    }

    function transferFrom(address, address to, uint256 amount) external returns (bool) {
        balanceOf[to] += amount;
        return true;
    }

    function check_what_a_tranche_pays_and_carries_is_what_came_in(
        uint96 distributable,
        uint128 shareDays,
        uint96 amount
    ) external {
        (_distributable, _shareDays) = (distributable, shareDays);
        _distributor.fund(0, amount);
        (, uint256 perShareDayX96) = _distributor.tranche(0);
        uint256 carryX96 = _distributor.carryX96();
        assert(carryX96 < shareDays);
        assert(perShareDayX96 * shareDays + carryX96 == uint256(amount) << 96);
    }

    function check_a_period_is_never_funded_above_what_its_report_lets(
        uint96 distributable,
        uint128 shareDays,
        uint96[2] memory amounts
    ) external {
        (_distributable, _shareDays) = (distributable, shareDays);
        _distributor.fund(0, amounts[0]);
        _distributor.fund(0, amounts[1]);
        (, uint256 funded) = _distributor.coverage(0);
        assert(funded == uint256(amounts[0]) + amounts[1]);
        assert(funded <= distributable && funded == _distributor.totalFunded());
    }
}
