// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IInvestorGate} from "./interfaces/IInvestorGate.sol";

/// @title InvestorGate
/// @notice The allow-list of one asset; see {IInvestorGate}.
contract InvestorGate is IInvestorGate, AccessManaged {
    uint256 public constant MAX_HOLDERS = 256;

    mapping(address holder => bool) public isAllowed;

    /// @param authority The AccessManager of the asset.
    constructor(address authority) AccessManaged(authority) {}

    /// @inheritdoc IInvestorGate
    function setAllowed(address[] calldata holders, bool allowed) external restricted {
        if (holders.length > MAX_HOLDERS) revert TooManyHolders(holders.length, MAX_HOLDERS);
        for (uint256 i = 0; i < holders.length; ++i) {
            address holder = holders[i];
            if (holder == address(0)) revert ZeroAddress();
            isAllowed[holder] = allowed;
            emit AllowedSet(holder, allowed);
        }
    }
}
