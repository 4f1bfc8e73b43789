// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

import {ExpiringPause} from "../base/ExpiringPause.sol";
import {IAnchoredLog} from "../interfaces/IAnchoredLog.sol";
import {IAssetFactory} from "../interfaces/IAssetFactory.sol";
import {IAssetShare} from "../interfaces/IAssetShare.sol";
import {IERC7943} from "../interfaces/IERC7943.sol";
import {IInvestorGate} from "../interfaces/IInvestorGate.sol";
import {IMeterRegistry} from "../interfaces/IMeterRegistry.sol";
import {IRecipients} from "../interfaces/IRecipients.sol";
import {IRedirects} from "../interfaces/IRedirects.sol";
import {IRevenueDeclarations} from "../interfaces/IRevenueDeclarations.sol";
import {IRevenueDistributor} from "../interfaces/IRevenueDistributor.sol";
import {ISignerSets} from "../interfaces/ISignerSets.sol";
import {Roles} from "../lib/Roles.sol";

/// @title Which role may call what, and how long it waits
/// @notice The one table of an asset's powers; `docs/contracts.md` prints it for people. What isn't named here belongs to
/// the admin: `abdicate`, `setGate`, `attachDirect`, and the standard's `forcedTransfer` without a reason.
library RoleTable {
    /// @dev How long the admin waits before each act, and how long a contract's rules stay as they are after a change was
    /// announced.
    uint32 internal constant ADMIN_DELAY = 7 days;
    /// @dev How long a new holder of a role that touches money, shares or evidence waits for it.
    uint32 internal constant GRANT_DELAY = 7 days;
    uint32 internal constant REGISTRAR_DELAY = 2 days;
    uint32 internal constant ENFORCER_DELAY = 3 days;
    uint32 internal constant SIGNER_ADMIN_DELAY = 2 days;
    /// @dev The restart's own 14 days stand in the declarations, where no role setting can shorten them.
    uint32 internal constant NO_DELAY = 0;

    /// @dev `forcedTransfer` with a reason; the three-argument form of ERC-7943 stays with the admin.
    bytes4 internal constant FORCED_TRANSFER = bytes4(keccak256("forcedTransfer(address,address,uint256,bytes32)"));

    /// @dev Ties functions to roles. `share` is 0 where an existing token keeps its own rules.
    function restrict(AccessManager access, IAssetFactory.Addresses memory made, bool ownShares) internal {
        _restrict(access, made.registry, Roles.REGISTRAR, IMeterRegistry.append.selector);
        _restrict(access, made.gate, Roles.COMPLIANCE, IInvestorGate.setAllowed.selector);
        if (ownShares) {
            _restrict(access, made.share, Roles.ISSUER, IAssetShare.mint.selector, IAssetShare.burn.selector);
            _restrict(access, made.share, Roles.COMPLIANCE, IERC7943.setFrozenTokens.selector);
            _restrict(access, made.share, Roles.ENFORCER, FORCED_TRANSFER);
        }
        _restrict(access, made.declarations, Roles.SIGNER_ADMIN, ISignerSets.announceSignerSet.selector);
        _restrict(access, made.declarations, Roles.RESTARTER, IAnchoredLog.announceRestart.selector);
        _restrict(
            access,
            made.declarations,
            Roles.GUARDIAN,
            IRevenueDeclarations.guardianDispute.selector,
            ISignerSets.withdrawSignerSet.selector
        );
        _restrict(
            access, made.declarations, Roles.GUARDIAN, IAnchoredLog.cancelRestart.selector, ExpiringPause.pause.selector
        );
        _restrict(access, made.distributor, Roles.TREASURY, IRevenueDistributor.fund.selector);
        _restrict(access, made.distributor, Roles.COMPLIANCE, IRecipients.setPayoutFrozen.selector);
        _restrict(access, made.distributor, Roles.ENFORCER, IRedirects.proposeRedirect.selector);
        _restrict(
            access, made.distributor, Roles.GUARDIAN, IRedirects.cancelRedirect.selector, ExpiringPause.pause.selector
        );
    }

    /// @dev Gives each role to its first holder, and sets how long a later holder waits for it.
    function grant(AccessManager access, IAssetFactory.Offices calldata offices) internal {
        _grant(access, Roles.REGISTRAR, offices.registrar, REGISTRAR_DELAY);
        _grant(access, Roles.COMPLIANCE, offices.compliance, NO_DELAY);
        _grant(access, Roles.TREASURY, offices.treasury, NO_DELAY);
        _grant(access, Roles.ISSUER, offices.issuer, NO_DELAY);
        _grant(access, Roles.GUARDIAN, offices.guardian, NO_DELAY);
        _grant(access, Roles.ENFORCER, offices.enforcer, ENFORCER_DELAY);
        _grant(access, Roles.SIGNER_ADMIN, offices.signerAdmin, SIGNER_ADMIN_DELAY);
        _grant(access, Roles.RESTARTER, offices.restarter, NO_DELAY);
        // The guardian may call off what these three have scheduled.
        access.setRoleGuardian(Roles.REGISTRAR, Roles.GUARDIAN);
        access.setRoleGuardian(Roles.ENFORCER, Roles.GUARDIAN);
        access.setRoleGuardian(Roles.SIGNER_ADMIN, Roles.GUARDIAN);
        access.setGrantDelay(Roles.ADMIN, GRANT_DELAY);
        access.grantRole(Roles.ADMIN, offices.admin, ADMIN_DELAY);
    }

    /// @dev Delays changes of the rules of each contract. AccessManager lets a longer delay take effect only after its own
    /// five days; until then the admin's delay, which holds at once, is the one that counts.
    function delayChanges(AccessManager access, IAssetFactory.Addresses memory made, bool ownShares) internal {
        access.setTargetAdminDelay(made.registry, ADMIN_DELAY);
        access.setTargetAdminDelay(made.gate, ADMIN_DELAY);
        if (ownShares) access.setTargetAdminDelay(made.share, ADMIN_DELAY);
        access.setTargetAdminDelay(made.declarations, ADMIN_DELAY);
        access.setTargetAdminDelay(made.distributor, ADMIN_DELAY);
    }

    function _grant(AccessManager access, uint64 role, address office, uint32 delay) private {
        if (office == address(0)) revert IAssetFactory.OfficeEmpty(role);
        access.grantRole(role, office, delay);
        access.setGrantDelay(role, GRANT_DELAY);
    }

    function _restrict(AccessManager access, address target, uint64 role, bytes4 selector) private {
        bytes4[] memory one = new bytes4[](1);
        one[0] = selector;
        access.setTargetFunctionRole(target, one, role);
    }

    function _restrict(AccessManager access, address target, uint64 role, bytes4 first, bytes4 second) private {
        bytes4[] memory two = new bytes4[](2);
        (two[0], two[1]) = (first, second);
        access.setTargetFunctionRole(target, two, role);
    }
}
