// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BigEndian} from "./BigEndian.sol";
import {Sha256} from "./Sha256.sol";

/// @title A binding record, opened from its bytes (spec/binding.md)
/// @notice A record is a binding (274 bytes) and two signatures, of the meter and of the installer. They aren't looked at
/// here: the registrar, who has opened them, put the record under a root. The same goes for what no rule on chain asks
/// for: point, serial, custody and installer.
library MeterBinding {
    using BigEndian for bytes;

    /// @param bindingHash SHA-256 over the 274 bytes.
    /// @param meterId First 20 bytes of SHA-256 over the public point.
    /// @param x Of the meter's public point.
    /// @param y Of the meter's public point.
    /// @param stepWh Smallest step of the register.
    /// @param modulusWh The register wraps here; floored to whole watt-hours.
    /// @param nameplateW The most that can flow through the meter, in watts.
    /// @param validFrom UTC unix seconds.
    struct Opened {
        bytes32 bindingHash;
        bytes20 meterId;
        bytes32 x;
        bytes32 y;
        uint32 stepWh;
        uint64 modulusWh;
        uint32 nameplateW;
        uint64 validFrom;
    }

    /// @notice A binding record has `want` bytes.
    error BindingLengthWrong(uint256 got, uint256 want);
    /// @notice The field at byte `offset` breaks its rule in spec/binding.md.
    error BindingMalformed(uint256 offset, uint256 value);
    /// @notice The meter is bound on another chain.
    error BindingOfAnotherChain(uint256 got, uint256 want);
    /// @notice The meter is bound to another asset.
    error BindingOfAnotherAsset(bytes32 got, bytes32 want);
    /// @notice The register has to be multiplied by numerator / denominator; only 1 is settled here.
    error MultiplierNotOne(uint256 numerator, uint256 denominator);

    uint256 internal constant LENGTH = 402;
    uint256 private constant MAX_VALUE = (1 << 63) - 1;
    uint256 private constant BINDING_LENGTH = 274;

    // Where the fields stand.
    uint256 private constant TAG = 0;
    uint256 private constant CHAIN_ID = 4;
    uint256 private constant ASSET = 12;
    uint256 private constant PUBLIC_POINT = 108;
    uint256 private constant DIRECTION = 172;
    uint256 private constant MULTIPLIER = 174;
    uint256 private constant STEP = 182;
    uint256 private constant MODULUS_NUMERATOR = 186;
    uint256 private constant MODULUS_DENOMINATOR = 194;
    uint256 private constant NAMEPLATE = 198;
    uint256 private constant VALID_FROM = 202;

    /// @dev Reverts unless `record` binds a meter of the asset `assetId` on this chain, with a multiplier of 1.
    function open(bytes calldata record, bytes32 assetId) internal view returns (Opened memory binding) {
        if (record.length != LENGTH) revert BindingLengthWrong(record.length, LENGTH);
        _requireOurs(record, assetId);
        _requireUnmultiplied(record);
        binding.stepWh = uint32(_notZero(STEP, record.u32At(STEP)));
        binding.modulusWh = _modulus(record);
        binding.nameplateW = uint32(_notZero(NAMEPLATE, record.u32At(NAMEPLATE)));
        uint256 validFrom = record.u64At(VALID_FROM);
        if (validFrom > MAX_VALUE) revert BindingMalformed(VALID_FROM, validFrom);
        binding.validFrom = uint64(validFrom);
        binding.x = record.wordAt(PUBLIC_POINT);
        binding.y = record.wordAt(PUBLIC_POINT + 32);
        binding.meterId = bytes20(Sha256.slice(record, PUBLIC_POINT, 64));
        binding.bindingHash = Sha256.slice(record, 0, BINDING_LENGTH);
    }

    function _requireOurs(bytes calldata record, bytes32 assetId) private view {
        uint256 tag = record.u32At(TAG);
        if (tag != uint32(bytes4("HOB1"))) revert BindingMalformed(TAG, tag);
        uint256 chainId = record.u64At(CHAIN_ID);
        if (chainId != block.chainid) revert BindingOfAnotherChain(chainId, block.chainid);
        bytes32 asset = record.wordAt(ASSET);
        if (asset != assetId) revert BindingOfAnotherAsset(asset, assetId);
    }

    /// @dev The direction is only well-formed: a gateway writes the energy that leaves into the export register,
    /// whichever way round the meter is installed, and turning it a second time would pay for what was drawn.
    function _requireUnmultiplied(bytes calldata record) private pure {
        uint256 direction = record.u32At(DIRECTION) >> 24;
        if (direction == 0 || direction > 2) revert BindingMalformed(DIRECTION, direction);
        uint256 numerator = record.u32At(MULTIPLIER);
        uint256 denominator = record.u32At(MULTIPLIER + 4);
        if (numerator == 0) revert BindingMalformed(MULTIPLIER, 0);
        if (numerator != denominator) revert MultiplierNotOne(numerator, denominator);
    }

    /// @dev Registers are whole watt-hours, so a rise through the modulus is floored once, and here.
    function _modulus(bytes calldata record) private pure returns (uint64) {
        uint256 numerator = _notZero(MODULUS_NUMERATOR, record.u64At(MODULUS_NUMERATOR));
        if (numerator > MAX_VALUE) revert BindingMalformed(MODULUS_NUMERATOR, numerator);
        return uint64(numerator / _notZero(MODULUS_DENOMINATOR, record.u32At(MODULUS_DENOMINATOR)));
    }

    function _notZero(uint256 offset, uint256 value) private pure returns (uint256) {
        if (value == 0) revert BindingMalformed(offset, 0);
        return value;
    }
}
