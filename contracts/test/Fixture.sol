// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {AssetShare} from "../src/AssetShare.sol";
import {InvestorGate} from "../src/InvestorGate.sol";
import {MeterRegistry} from "../src/MeterRegistry.sol";
import {RevenueDeclarations} from "../src/RevenueDeclarations.sol";
import {RevenueDistributor} from "../src/RevenueDistributor.sol";
import {ExpiringPause} from "../src/base/ExpiringPause.sol";
import {IAssetShare} from "../src/interfaces/IAssetShare.sol";
import {IRecipients} from "../src/interfaces/IRecipients.sol";
import {IRedirects} from "../src/interfaces/IRedirects.sol";
import {IInvestorGate} from "../src/interfaces/IInvestorGate.sol";
import {IRevenueDeclarations} from "../src/interfaces/IRevenueDeclarations.sol";
import {Roles} from "../src/lib/Roles.sol";
import {Checks} from "./Vm.sol";
import {TestGate} from "./TestGate.sol";
import {TestLog} from "./TestLog.sol";
import {TestToken} from "./TestToken.sol";

/// @title One asset, deployed the way a deployer does it
abstract contract Fixture is Checks {
    uint64 internal constant REGISTRAR_ROLE = 1;
    uint64 internal constant COMPLIANCE_ROLE = 2;
    uint64 internal constant TREASURY_ROLE = 3;
    uint64 internal constant ISSUER_ROLE = 4;
    uint64 internal constant GUARDIAN_ROLE = 5;
    uint64 internal constant ENFORCER_ROLE = 6;

    /// @dev UTC+8, and a chain that begins at 08:00 UTC, which is 16:00 of day 20,000 there.
    int32 internal constant UTC_OFFSET = 8 hours;
    uint32 internal constant FIRST_DAY = 20_000;
    uint32 internal constant DAYS_PER_PERIOD = 3;
    uint256 internal constant GENESIS = uint256(FIRST_DAY) * 1 days + 8 hours;
    uint256 internal constant SIGNER_KEY = 0xA11CE;
    uint256 internal constant STRANGER_KEY = 0xBADBAD;

    address internal constant ISSUER = address(0x1551);
    address internal constant COMPLIANCE = address(0xC0);
    address internal constant REGISTRAR = address(0x4E6);
    address internal constant TREASURY = address(0x74EA);
    address internal constant GUARDIAN = address(0x6A4D);
    address internal constant ENFORCER = address(0xE4F0);
    address internal constant UNSOLD = address(0xDEAD01);
    address internal constant ANN = address(0xA1);
    address internal constant BOB = address(0xB2);
    address internal constant CAT = address(0xC3);
    address internal constant STRANGER = address(0x577A);

    AccessManager internal manager;
    InvestorGate internal gate;
    AssetShare internal share;
    MeterRegistry internal registry;
    RevenueDeclarations internal declarations;
    RevenueDistributor internal distributor;
    TestToken internal token;
    TestLog internal log;

    function deploy() internal {
        vm.warp(GENESIS);
        manager = new AccessManager(address(this));
        gate = new InvestorGate(address(manager));
        address[] memory excluded = new address[](1);
        excluded[0] = UNSOLD;
        share = new AssetShare("Sun on five roofs", "SUN5", gate, UTC_OFFSET, excluded, address(manager));
        registry = new MeterRegistry(address(manager), UTC_OFFSET);
        declarations = new RevenueDeclarations(terms(), list(vm.addr(SIGNER_KEY)), 1, address(manager));
        token = newToken();
        distributor = new RevenueDistributor(declarations, share, gate, IERC20(address(token)), address(manager));
        log = new TestLog();

        grant(address(gate), InvestorGate.setAllowed.selector, COMPLIANCE_ROLE, COMPLIANCE);
        grant(address(share), AssetShare.mint.selector, ISSUER_ROLE, ISSUER);
        grant(address(share), AssetShare.burn.selector, ISSUER_ROLE, ISSUER);
        grant(address(share), AssetShare.setFrozenTokens.selector, COMPLIANCE_ROLE, COMPLIANCE);
        grant(address(share), IAssetShare.forcedTransfer.selector, Roles.ENFORCER, ENFORCER);
        grant(address(registry), MeterRegistry.append.selector, REGISTRAR_ROLE, REGISTRAR);
        grant(address(distributor), RevenueDistributor.fund.selector, TREASURY_ROLE, TREASURY);
        grant(address(distributor), IRecipients.setPayoutFrozen.selector, COMPLIANCE_ROLE, COMPLIANCE);
        grant(address(distributor), IRedirects.proposeRedirect.selector, ENFORCER_ROLE, ENFORCER);
        grant(address(distributor), IRedirects.cancelRedirect.selector, GUARDIAN_ROLE, GUARDIAN);
        grant(address(distributor), ExpiringPause.pause.selector, GUARDIAN_ROLE, GUARDIAN);

        allow(ANN, true);
        allow(BOB, true);
        allow(CAT, true);
        allow(UNSOLD, true);
        vm.prank(REGISTRAR);
        registry.append(FIRST_DAY, "bindings", 5, 50_000);
    }

    /// @dev A well-behaved payment token, unless a test brings another.
    function newToken() internal virtual returns (TestToken) {
        return new TestToken();
    }

    function grant(address target, bytes4 selector, uint64 role, address account) internal {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        manager.setTargetFunctionRole(target, selectors, role);
        manager.grantRole(role, account, 0);
    }

    /// @dev Final at once, so that tests of other contracts need not wait.
    function terms() internal view returns (IRevenueDeclarations.Terms memory) {
        return IRevenueDeclarations.Terms({
            assetId: "asset",
            registry: registry,
            firstDay: FIRST_DAY,
            daysPerPeriod: DAYS_PER_PERIOD,
            utcOffset: UTC_OFFSET,
            challengeWindow: 0,
            resolveWindow: 0,
            marginPermille: 1_200,
            profileMinutes: 480
        });
    }

    function allow(address holder, bool allowed) internal {
        address[] memory holders = new address[](1);
        holders[0] = holder;
        vm.prank(COMPLIANCE);
        gate.setAllowed(holders, allowed);
    }

    function mint(address to, uint256 amount) internal {
        vm.prank(ISSUER);
        share.mint(to, amount);
    }

    function move(address from, address to, uint256 amount) internal {
        vm.prank(from);
        share.transfer(to, amount);
    }

    /// @dev To the first second of `day` in the asset's own time, or no time at all if that is past: chain time never
    /// goes back.
    function toDay(uint32 day) internal {
        uint256 start = uint256(day) * 1 days - uint256(int256(UTC_OFFSET));
        if (start > block.timestamp) vm.warp(start);
    }

    /// @dev Signed by a quorum.
    function sign(bytes32 digest) internal view virtual returns (bytes[] memory) {
        return signWith(SIGNER_KEY, digest);
    }

    function signWith(uint256 key, bytes32 digest) internal pure returns (bytes[] memory signatures) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        signatures = new bytes[](1);
        signatures[0] = abi.encodePacked(r, s, v);
    }

    /// @dev Appends `entries` to the log and anchors it.
    function anchorMore(uint256 entries) internal {
        (uint32 generation, uint64 before,) = declarations.head();
        for (uint256 i = 0; i < entries; ++i) {
            log.append(keccak256(abi.encode(log.size())));
        }
        uint64 size = log.size();
        bytes32 root = log.root(size);
        bytes[] memory signatures = sign(declarations.anchorDigest(generation, size, root));
        declarations.anchor(size, root, log.consistency(before, size), signatures);
    }

    /// @dev A report of `period` that nothing is wrong with.
    function report(uint32 period, uint128 distributable) internal view returns (IRevenueDeclarations.Report memory) {
        (, uint64 size,) = declarations.head();
        return IRevenueDeclarations.Report({
            schemaVersion: 2,
            period: period,
            revision: 0,
            signerSetVersion: 1,
            logGeneration: 1,
            logSize: size,
            registryIndex: 0,
            settlementRoot: "settlement",
            exportWh: 123_456,
            importWh: 7,
            missingMeters: 0,
            catchUpHours: 0,
            gross: distributable + distributable / 10,
            distributable: distributable,
            tariffHash: "tariff",
            statementHash: "statement",
            previousHash: 0
        });
    }

    function declare(uint32 period, uint128 distributable) internal {
        IRevenueDeclarations.Report memory said = report(period, distributable);
        declarations.declare(said, sign(declarations.reportDigest(said)));
    }

    function fund(uint32 period, uint256 amount) internal {
        token.mint(TREASURY, amount);
        vm.prank(TREASURY);
        token.approve(address(distributor), amount);
        vm.prank(TREASURY);
        distributor.fund(period, amount);
    }

    function claim(address holder, uint32 upTo) internal returns (uint256) {
        vm.prank(holder);
        return distributor.claim(upTo);
    }

    function claimAll(address holder) internal returns (uint256) {
        return claim(holder, distributor.trancheCount());
    }

    function list(address a) internal pure returns (address[] memory one) {
        one = new address[](1);
        one[0] = a;
    }

    function list(address a, address b, address c) internal pure returns (address[] memory three) {
        three = new address[](3);
        three[0] = a;
        three[1] = b;
        three[2] = c;
    }

    function wrap(TestGate other) internal pure returns (IInvestorGate) {
        return IInvestorGate(address(other));
    }

    /// @dev The next call must be refused because `caller` lacks the role.
    function expectUnauthorized(address caller) internal {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller));
    }
}
