// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

import {AssetFactory} from "../src/AssetFactory.sol";
import {AssetShare} from "../src/AssetShare.sol";
import {DirectSettlement} from "../src/DirectSettlement.sol";
import {Erc3643Register} from "../src/Erc3643Register.sol";
import {InvestorGate} from "../src/InvestorGate.sol";
import {MeterRegistry} from "../src/MeterRegistry.sol";
import {RevenueDeclarations} from "../src/RevenueDeclarations.sol";
import {RevenueDistributor} from "../src/RevenueDistributor.sol";
import {RoleTable} from "../src/factory/RoleTable.sol";
import {IAssetFactory} from "../src/interfaces/IAssetFactory.sol";
import {IAssetShare} from "../src/interfaces/IAssetShare.sol";
import {IERC7943} from "../src/interfaces/IERC7943.sol";
import {IInvestorGate} from "../src/interfaces/IInvestorGate.sol";
import {IRevenueDeclarations} from "../src/interfaces/IRevenueDeclarations.sol";
import {Roles} from "../src/lib/Roles.sol";
import {Checks} from "./Vm.sol";
import {TestToken} from "./TestToken.sol";

/// @title What the factory makes, read back
contract AssetFactoryTest is Checks {
    address private constant ADMIN = address(0xAD);
    address private constant REGISTRAR = address(0x4E6);
    address private constant COMPLIANCE = address(0xC0);
    address private constant TREASURY = address(0x74EA);
    address private constant ISSUER = address(0x1551);
    address private constant GUARDIAN = address(0x6A);
    address private constant ENFORCER = address(0xEF);
    address private constant SIGNER_ADMIN = address(0x51);
    address private constant RESTARTER = address(0x4E5);
    address private constant SIGNER = address(0x516E4);
    address private constant OTHER = address(0x07E4);
    uint32 private constant FIRST_DAY = 20_000;
    /// @dev EIP-7825: the most gas that one transaction may use.
    uint256 private constant TRANSACTION_GAS = 16_777_216;
    /// @dev AccessManager's minSetback: a longer delay counts only after it.
    uint256 private constant SETBACK = 5 days;

    AssetFactory private factory;
    TestToken private token;

    function setUp() public {
        vm.warp(uint256(FIRST_DAY) * 1 days);
        token = new TestToken();
        factory = new AssetFactory(_hashes());
    }

    // ---------------------------------------------------------------- making

    function test_both_acts_fit_into_a_transaction() public {
        IAssetFactory.Asset memory asset = _asset();
        asset.directTolerance = 300;
        IAssetFactory.FirstHalf memory first = _first();
        IAssetFactory.SecondHalf memory second = _second();
        uint256 before = gasleft();
        factory.begin(asset, first);
        uint256 used = before - gasleft();
        assertAtMost(used + _calldataGas(abi.encode(asset, first)), TRANSACTION_GAS, "begin");
        before = gasleft();
        factory.complete(asset, second);
        used = before - gasleft();
        assertAtMost(used + _calldataGas(abi.encode(asset, second)), TRANSACTION_GAS, "complete");
    }

    function test_the_parts_are_wired_to_one_another() public {
        IAssetFactory.Addresses memory made = _make();
        RevenueDeclarations declarations = RevenueDeclarations(made.declarations);
        RevenueDistributor distributor = RevenueDistributor(made.distributor);
        AssetShare share = AssetShare(made.share);
        assertEq(address(declarations.registry()), made.registry, "the declarations' registry");
        assertEq(declarations.assetId(), bytes32("roof-7"), "the asset");
        assertEq(declarations.firstDay(), FIRST_DAY, "first day");
        assertEq(declarations.challengeWindow(), 1 days, "challenge window");
        assertEq(address(distributor.declarations()), made.declarations, "the distributor's declarations");
        assertEq(address(distributor.register()), made.share, "the distributor's register");
        assertEq(address(distributor.gate()), made.gate, "the distributor's gate");
        assertEq(address(distributor.paymentToken()), address(token), "the payment token");
        assertEq(address(share.gate()), made.gate, "the share's gate");
        assertEq(share.symbol(), "ROOF", "symbol");
        assertEq(MeterRegistry(made.registry).count(), 1, "the first entry is in");
        assertEq(MeterRegistry(made.registry).entry(0).nameplateW, 50_000, "with its nameplate");
        assertEq(made.direct, address(0), "no direct settlement");
        address[6] memory governed =
            [made.gate, made.share, made.registry, made.declarations, made.distributor, made.access];
        for (uint256 i = 0; i < 5; ++i) {
            assertEq(IAccessManaged(governed[i]).authority(), made.access, "under one authority");
        }
        assertEq(abi.encode(factory.addressesOf(factory.keyOf(address(this), _asset()))), abi.encode(made), "recorded");
    }

    function test_an_asset_of_few_meters_gets_its_direct_settlement() public {
        IAssetFactory.Asset memory asset = _asset();
        asset.directTolerance = 300;
        IAssetFactory.Addresses memory made = _make(asset);
        assertEq(address(RevenueDeclarations(made.declarations).direct()), made.direct, "attached");
        assertEq(DirectSettlement(made.direct).tolerance(), 300, "with its tolerance");
    }

    function test_an_existing_token_gets_a_register() public {
        IAssetFactory.Asset memory asset = _asset();
        asset.shares.erc3643Token = address(token);
        IAssetFactory.FirstHalf memory code = _first();
        code.share = type(Erc3643Register).creationCode;
        factory.begin(asset, code);
        IAssetFactory.Addresses memory made = factory.complete(asset, _second());
        assertEq(address(Erc3643Register(made.share).token()), address(token), "beside the token");
        assertEq(address(RevenueDistributor(made.distributor).register()), made.share, "and the distributor reads it");
    }

    function test_both_acts_belong_to_one_creator_and_one_asset() public {
        IAssetFactory.Asset memory asset = _asset();
        factory.begin(asset, _first());
        bytes32 key = factory.keyOf(address(this), asset);
        vm.expectRevert(abi.encodeWithSelector(IAssetFactory.AlreadyBegun.selector, key));
        factory.begin(asset, _first());

        vm.expectRevert(abi.encodeWithSelector(IAssetFactory.NotBegun.selector, factory.keyOf(OTHER, asset)));
        vm.prank(OTHER);
        factory.complete(asset, _second());

        IAssetFactory.Asset memory changed = _asset();
        changed.offices.treasury = OTHER;
        vm.expectRevert(abi.encodeWithSelector(IAssetFactory.NotBegun.selector, factory.keyOf(address(this), changed)));
        factory.complete(changed, _second());

        factory.complete(asset, _second());
        vm.expectRevert(abi.encodeWithSelector(IAssetFactory.AlreadyComplete.selector, key));
        factory.complete(asset, _second());
    }

    function test_only_the_named_code_becomes_a_contract() public {
        IAssetFactory.FirstHalf memory code = _first();
        code.gate = type(TestToken).creationCode;
        vm.expectRevert(
            abi.encodeWithSelector(IAssetFactory.CodeUnknown.selector, keccak256(code.gate), factory.codeHashes().gate)
        );
        factory.begin(_asset(), code);
        factory.begin(_asset(), _first());
        IAssetFactory.SecondHalf memory second = _second();
        second.distributor = type(TestToken).creationCode;
        vm.expectRevert(
            abi.encodeWithSelector(
                IAssetFactory.CodeUnknown.selector, keccak256(second.distributor), factory.codeHashes().distributor
            )
        );
        factory.complete(_asset(), second);
        assertEq(abi.encode(factory.codeHashes()), abi.encode(_hashes()), "the hashes can be read");
    }

    function test_what_a_constructor_refuses_is_refused_with_its_error() public {
        IAssetFactory.Asset memory asset = _asset();
        asset.schedule.daysPerPeriod = 32;
        factory.begin(asset, _first());
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.PeriodLengthOutOfRange.selector, 32, 1, 31));
        factory.complete(asset, _second());
    }

    function test_a_registrar_never_signs_and_no_office_is_empty() public {
        IAssetFactory.Asset memory asset = _asset();
        asset.offices.registrar = SIGNER;
        vm.expectRevert(abi.encodeWithSelector(IAssetFactory.RegistrarSigns.selector, SIGNER));
        factory.begin(asset, _first());
        asset = _asset();
        asset.offices.admin = address(0);
        vm.expectRevert(abi.encodeWithSelector(IAssetFactory.OfficeEmpty.selector, Roles.ADMIN));
        factory.begin(asset, _first());
        asset = _asset();
        asset.offices.guardian = address(0);
        factory.begin(asset, _first());
        vm.expectRevert(abi.encodeWithSelector(IAssetFactory.OfficeEmpty.selector, Roles.GUARDIAN));
        factory.complete(asset, _second());
    }

    // ---------------------------------------------------------------- powers, read back

    function test_the_factory_keeps_nothing() public {
        IAssetFactory.Addresses memory made = _make();
        AccessManager access = AccessManager(made.access);
        for (uint64 role = Roles.ADMIN; role <= Roles.RESTARTER; ++role) {
            (bool member,) = access.hasRole(role, address(factory));
            assertTrue(!member, "the factory holds no role");
            (member,) = access.hasRole(role, address(this));
            assertTrue(!member, "nor does the creator");
        }
    }

    function test_every_office_has_its_role_and_its_delay() public {
        AccessManager access = AccessManager(_make().access);
        _holds(access, Roles.ADMIN, ADMIN, 7 days);
        _holds(access, Roles.REGISTRAR, REGISTRAR, 2 days);
        _holds(access, Roles.COMPLIANCE, COMPLIANCE, 0);
        _holds(access, Roles.TREASURY, TREASURY, 0);
        _holds(access, Roles.ISSUER, ISSUER, 0);
        _holds(access, Roles.GUARDIAN, GUARDIAN, 0);
        _holds(access, Roles.ENFORCER, ENFORCER, 3 days);
        _holds(access, Roles.SIGNER_ADMIN, SIGNER_ADMIN, 2 days);
        _holds(access, Roles.RESTARTER, RESTARTER, 0);
        assertEq(access.getRoleGuardian(Roles.REGISTRAR), Roles.GUARDIAN, "the guardian may call off the registrar");
        assertEq(access.getRoleGuardian(Roles.ENFORCER), Roles.GUARDIAN, "and the enforcer");
        assertEq(access.getRoleGuardian(Roles.SIGNER_ADMIN), Roles.GUARDIAN, "and the signer admin");
    }

    function test_every_function_is_tied_to_its_role() public {
        IAssetFactory.Addresses memory made = _make();
        AccessManager access = AccessManager(made.access);
        _tied(access, made.registry, "append(uint32,bytes32,uint32,uint64)", Roles.REGISTRAR);
        _tied(access, made.gate, "setAllowed(address[],bool)", Roles.COMPLIANCE);
        _tied(access, made.share, "mint(address,uint256)", Roles.ISSUER);
        _tied(access, made.share, "burn(uint256)", Roles.ISSUER);
        _tied(access, made.share, "setFrozenTokens(address,uint256)", Roles.COMPLIANCE);
        _tied(access, made.share, "forcedTransfer(address,address,uint256,bytes32)", Roles.ENFORCER);
        _tied(access, made.share, "forcedTransfer(address,address,uint256)", Roles.ADMIN);
        _tied(access, made.share, "setGate(address)", Roles.ADMIN);
        _tied(access, made.declarations, "announceSignerSet(address[],uint8,uint40)", Roles.SIGNER_ADMIN);
        _tied(access, made.declarations, "withdrawSignerSet()", Roles.GUARDIAN);
        _tied(access, made.declarations, "announceRestart(uint64,bytes32,bytes32)", Roles.RESTARTER);
        _tied(access, made.declarations, "cancelRestart()", Roles.GUARDIAN);
        _tied(access, made.declarations, "guardianDispute(uint32,bytes32,bytes32)", Roles.GUARDIAN);
        _tied(access, made.declarations, "pause(uint32)", Roles.GUARDIAN);
        _tied(access, made.declarations, "attachDirect(address)", Roles.ADMIN);
        _tied(access, made.declarations, "abdicate(bytes4)", Roles.ADMIN);
        _tied(access, made.distributor, "fund(uint32,uint256)", Roles.TREASURY);
        _tied(access, made.distributor, "setPayoutFrozen(address[],bool)", Roles.COMPLIANCE);
        _tied(access, made.distributor, "proposeRedirect(address,address,bytes32)", Roles.ENFORCER);
        _tied(access, made.distributor, "cancelRedirect(address)", Roles.GUARDIAN);
        _tied(access, made.distributor, "pause(uint32)", Roles.GUARDIAN);
        _tied(access, made.distributor, "setGate(address)", Roles.ADMIN);
    }

    function test_changes_are_delayed() public {
        IAssetFactory.Addresses memory made = _make();
        AccessManager access = AccessManager(made.access);
        vm.warp(block.timestamp + SETBACK);
        for (uint64 role = Roles.ADMIN; role <= Roles.RESTARTER; ++role) {
            assertEq(access.getRoleGrantDelay(role), RoleTable.GRANT_DELAY, "grant delay");
        }
        address[5] memory targets = [made.gate, made.share, made.registry, made.declarations, made.distributor];
        for (uint256 i = 0; i < 5; ++i) {
            assertEq(access.getTargetAdminDelay(targets[i]), RoleTable.ADMIN_DELAY, "target admin delay");
        }
    }

    function test_the_admin_waits_from_the_first_second_on() public {
        IAssetFactory.Addresses memory made = _make();
        AccessManager access = AccessManager(made.access);
        IInvestorGate replacement = IInvestorGate(address(new InvestorGate(made.access)));
        bytes memory call = abi.encodeCall(RevenueDistributor(made.distributor).setGate, (replacement));
        vm.expectRevert();
        vm.prank(ADMIN);
        RevenueDistributor(made.distributor).setGate(replacement);

        vm.prank(ADMIN);
        access.schedule(made.distributor, call, 0);
        vm.warp(block.timestamp + 7 days - 1);
        vm.expectRevert();
        vm.prank(ADMIN);
        RevenueDistributor(made.distributor).setGate(replacement);
        vm.warp(block.timestamp + 1);
        vm.prank(ADMIN);
        RevenueDistributor(made.distributor).setGate(replacement);
        assertEq(address(RevenueDistributor(made.distributor).gate()), address(replacement), "after seven days");
    }

    /// @dev The grant delay that the factory sets counts after five days; the admin's own seven cover them.
    function test_a_new_treasury_waits_fourteen_days_in_all() public {
        AccessManager access = AccessManager(_make().access);
        bytes memory call = abi.encodeCall(access.grantRole, (Roles.TREASURY, OTHER, 0));
        vm.prank(ADMIN);
        access.schedule(address(access), call, 0);
        vm.warp(block.timestamp + 7 days);
        vm.prank(ADMIN);
        access.grantRole(Roles.TREASURY, OTHER, 0);
        (bool member,) = access.hasRole(Roles.TREASURY, OTHER);
        assertTrue(!member, "not at once");
        vm.warp(block.timestamp + 7 days);
        (member,) = access.hasRole(Roles.TREASURY, OTHER);
        assertTrue(member, "seven days after it was granted");
    }

    function test_the_guardian_calls_off_what_the_registrar_scheduled() public {
        IAssetFactory.Addresses memory made = _make();
        AccessManager access = AccessManager(made.access);
        bytes memory call = abi.encodeCall(MeterRegistry(made.registry).append, (FIRST_DAY + 30, "more", 9, 90_000));
        vm.prank(REGISTRAR);
        access.schedule(made.registry, call, 0);
        vm.prank(GUARDIAN);
        access.cancel(REGISTRAR, made.registry, call);
        vm.warp(block.timestamp + 2 days);
        vm.expectRevert();
        vm.prank(REGISTRAR);
        MeterRegistry(made.registry).append(FIRST_DAY + 30, "more", 9, 90_000);
    }

    /// forge-config: default.fuzz.runs = 256
    function test_nobody_else_may_do_anything_with_a_half_made_asset(address caller) public {
        vm.assume(caller != address(factory));
        bytes32 key = factory.begin(_asset(), _first());
        IAssetFactory.Addresses memory made = factory.addressesOf(key);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller));
        vm.prank(caller);
        IAssetShare(made.share).mint(caller, 1);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller));
        vm.prank(caller);
        MeterRegistry(made.registry).append(FIRST_DAY + 1, "more", 9, 90_000);
        vm.expectRevert(
            abi.encodeWithSelector(IAccessManager.AccessManagerUnauthorizedAccount.selector, caller, Roles.ADMIN)
        );
        vm.prank(caller);
        AccessManager(made.access).grantRole(Roles.ISSUER, caller, 0);
    }

    // ---------------------------------------------------------------- helpers

    function _holds(AccessManager access, uint64 role, address office, uint32 delay) private view {
        (bool member, uint32 got) = access.hasRole(role, office);
        assertTrue(member, "the office holds its role");
        assertEq(got, delay, "with its delay");
    }

    function _tied(AccessManager access, address target, string memory signature, uint64 role) private view {
        assertEq(access.getTargetFunctionRole(target, bytes4(keccak256(bytes(signature)))), role, signature);
    }

    function _calldataGas(bytes memory data) private pure returns (uint256 gas) {
        for (uint256 i = 0; i < data.length; ++i) {
            gas += data[i] == 0 ? 4 : 16;
        }
        gas += 21_000;
    }

    function _make() private returns (IAssetFactory.Addresses memory) {
        return _make(_asset());
    }

    function _make(IAssetFactory.Asset memory asset) private returns (IAssetFactory.Addresses memory) {
        factory.begin(asset, _first());
        return factory.complete(asset, _second());
    }

    function _first() private pure returns (IAssetFactory.FirstHalf memory) {
        return IAssetFactory.FirstHalf({
            access: type(AccessManager).creationCode,
            gate: type(InvestorGate).creationCode,
            registry: type(MeterRegistry).creationCode,
            share: type(AssetShare).creationCode
        });
    }

    function _second() private pure returns (IAssetFactory.SecondHalf memory) {
        return IAssetFactory.SecondHalf({
            declarations: type(RevenueDeclarations).creationCode,
            distributor: type(RevenueDistributor).creationCode,
            direct: type(DirectSettlement).creationCode
        });
    }

    function _hashes() private pure returns (IAssetFactory.CodeHashes memory) {
        return IAssetFactory.CodeHashes({
            access: keccak256(type(AccessManager).creationCode),
            gate: keccak256(type(InvestorGate).creationCode),
            registry: keccak256(type(MeterRegistry).creationCode),
            share: keccak256(type(AssetShare).creationCode),
            tokenRegister: keccak256(type(Erc3643Register).creationCode),
            declarations: keccak256(type(RevenueDeclarations).creationCode),
            distributor: keccak256(type(RevenueDistributor).creationCode),
            direct: keccak256(type(DirectSettlement).creationCode)
        });
    }

    function _asset() private view returns (IAssetFactory.Asset memory asset) {
        asset.schedule = IAssetFactory.Schedule({
            assetId: "roof-7",
            firstDay: FIRST_DAY,
            daysPerPeriod: 7,
            utcOffset: 8 hours,
            challengeWindow: 1 days,
            resolveWindow: 3 days,
            marginPermille: 1_100,
            profileMinutes: 600
        });
        asset.meters = IAssetFactory.Meters({bindingsRoot: "bindings", meterCount: 5, nameplateW: 50_000});
        asset.shares.name = "Roof 7";
        asset.shares.symbol = "ROOF";
        asset.signers.signers = new address[](1);
        asset.signers.signers[0] = SIGNER;
        asset.signers.threshold = 1;
        asset.offices = IAssetFactory.Offices({
            admin: ADMIN,
            registrar: REGISTRAR,
            compliance: COMPLIANCE,
            treasury: TREASURY,
            issuer: ISSUER,
            guardian: GUARDIAN,
            enforcer: ENFORCER,
            signerAdmin: SIGNER_ADMIN,
            restarter: RESTARTER
        });
        asset.paymentToken = address(token);
    }
}
