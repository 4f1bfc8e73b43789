// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

import {RoleTable} from "./factory/RoleTable.sol";
import {IAssetFactory} from "./interfaces/IAssetFactory.sol";
import {IMeterFigures} from "./interfaces/IMeterFigures.sol";
import {IMeterRegistry} from "./interfaces/IMeterRegistry.sol";
import {IRevenueDeclarations} from "./interfaces/IRevenueDeclarations.sol";
import {Roles} from "./lib/Roles.sol";

/// @title AssetFactory
/// @notice Makes complete, delayed sets of contracts; see {IAssetFactory}. It keeps no power over what it made.
contract AssetFactory is IAssetFactory {
    bytes32 private immutable _accessHash;
    bytes32 private immutable _gateHash;
    bytes32 private immutable _registryHash;
    bytes32 private immutable _shareHash;
    bytes32 private immutable _tokenRegisterHash;
    bytes32 private immutable _declarationsHash;
    bytes32 private immutable _distributorHash;
    bytes32 private immutable _directHash;

    mapping(bytes32 key => Addresses) private _addresses;

    constructor(CodeHashes memory hashes) {
        _accessHash = hashes.access;
        _gateHash = hashes.gate;
        _registryHash = hashes.registry;
        _shareHash = hashes.share;
        _tokenRegisterHash = hashes.tokenRegister;
        _declarationsHash = hashes.declarations;
        _distributorHash = hashes.distributor;
        _directHash = hashes.direct;
    }

    /// @inheritdoc IAssetFactory
    function begin(Asset calldata asset, FirstHalf calldata code) external returns (bytes32 key) {
        key = keyOf(msg.sender, asset);
        if (_addresses[key].access != address(0)) revert AlreadyBegun(key);
        _requireOffices(asset);

        Addresses memory made;
        int32 utcOffset = asset.schedule.utcOffset;
        made.access = _create(code.access, _accessHash, abi.encode(address(this)));
        made.gate = _create(code.gate, _gateHash, abi.encode(made.access));
        made.registry = _create(code.registry, _registryHash, abi.encode(made.access, utcOffset));
        made.share = _createShare(asset.shares, code.share, utcOffset, made);
        _addresses[key] = made;
        IMeterRegistry(made.registry)
            .append(
                asset.schedule.firstDay, asset.meters.bindingsRoot, asset.meters.meterCount, asset.meters.nameplateW
            );
        emit AssetBegun(key, msg.sender, asset.schedule.assetId);
    }

    /// @inheritdoc IAssetFactory
    function complete(Asset calldata asset, SecondHalf calldata code) external returns (Addresses memory made) {
        bytes32 key = keyOf(msg.sender, asset);
        made = _addresses[key];
        if (made.access == address(0)) revert NotBegun(key);
        if (made.declarations != address(0)) revert AlreadyComplete(key);

        made.declarations = _createDeclarations(asset, code.declarations, made);
        made.distributor = _create(
            code.distributor,
            _distributorHash,
            abi.encode(made.declarations, made.share, made.gate, asset.paymentToken, made.access)
        );
        if (asset.directTolerance != 0) made.direct = _createDirect(asset, code.direct, made);
        _addresses[key] = made;

        bool ownShares = asset.shares.erc3643Token == address(0);
        AccessManager access = AccessManager(made.access);
        RoleTable.restrict(access, made, ownShares);
        RoleTable.delayChanges(access, made, ownShares);
        RoleTable.grant(access, asset.offices);
        access.renounceRole(Roles.ADMIN, address(this));
        emit AssetCompleted(key, msg.sender, asset.schedule.assetId, made);
    }

    /// @inheritdoc IAssetFactory
    function addressesOf(bytes32 key) external view returns (Addresses memory) {
        return _addresses[key];
    }

    /// @inheritdoc IAssetFactory
    function codeHashes() external view returns (CodeHashes memory) {
        return CodeHashes({
            access: _accessHash,
            gate: _gateHash,
            registry: _registryHash,
            share: _shareHash,
            tokenRegister: _tokenRegisterHash,
            declarations: _declarationsHash,
            distributor: _distributorHash,
            direct: _directHash
        });
    }

    /// @inheritdoc IAssetFactory
    function keyOf(address creator, Asset calldata asset) public pure returns (bytes32) {
        return keccak256(abi.encode(creator, asset));
    }

    function _requireOffices(Asset calldata asset) private pure {
        if (asset.offices.admin == address(0)) revert OfficeEmpty(Roles.ADMIN);
        address registrar = asset.offices.registrar;
        for (uint256 i = 0; i < asset.signers.signers.length; ++i) {
            if (asset.signers.signers[i] == registrar) revert RegistrarSigns(registrar);
        }
    }

    function _createShare(Shares calldata shares, bytes calldata code, int32 utcOffset, Addresses memory made)
        private
        returns (address)
    {
        if (shares.erc3643Token != address(0)) {
            return _create(code, _tokenRegisterHash, abi.encode(shares.erc3643Token, utcOffset, shares.excluded));
        }
        return _create(
            code, _shareHash, abi.encode(shares.name, shares.symbol, made.gate, utcOffset, shares.excluded, made.access)
        );
    }

    function _createDeclarations(Asset calldata asset, bytes calldata code, Addresses memory made)
        private
        returns (address)
    {
        Schedule calldata schedule = asset.schedule;
        IRevenueDeclarations.Terms memory terms = IRevenueDeclarations.Terms({
            assetId: schedule.assetId,
            registry: IMeterRegistry(made.registry),
            firstDay: schedule.firstDay,
            daysPerPeriod: schedule.daysPerPeriod,
            utcOffset: schedule.utcOffset,
            challengeWindow: schedule.challengeWindow,
            resolveWindow: schedule.resolveWindow,
            marginPermille: schedule.marginPermille,
            profileMinutes: schedule.profileMinutes
        });
        return _create(
            code, _declarationsHash, abi.encode(terms, asset.signers.signers, asset.signers.threshold, made.access)
        );
    }

    function _createDirect(Asset calldata asset, bytes calldata code, Addresses memory made)
        private
        returns (address direct)
    {
        direct = _create(
            code,
            _directHash,
            abi.encode(made.declarations, made.registry, asset.schedule.assetId, asset.directTolerance)
        );
        IRevenueDeclarations(made.declarations).attachDirect(IMeterFigures(direct));
    }

    /// @dev Creates a contract from the creation code of this hash, with these ABI-encoded arguments. What its constructor
    /// refuses is refused here with the same error.
    function _create(bytes calldata code, bytes32 hash, bytes memory arguments) private returns (address made) {
        bytes32 got = keccak256(code);
        if (got != hash) revert CodeUnknown(got, hash);
        bytes memory whole = bytes.concat(code, arguments);
        assembly ("memory-safe") {
            made := create(0, add(whole, 32), mload(whole))
            if iszero(made) {
                let size := returndatasize()
                let buffer := mload(0x40)
                returndatacopy(buffer, 0, size)
                revert(buffer, size)
            }
        }
    }
}
