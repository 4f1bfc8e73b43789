// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {Governed} from "../base/Governed.sol";
import {ISignerSets} from "../interfaces/ISignerSets.sol";
import {Roles} from "../lib/Roles.sol";

/// @title SignerSets
/// @notice The signer sets of one asset's oracle; see {ISignerSets}.
abstract contract SignerSets is ISignerSets, Governed {
    uint256 public constant MAX_SIGNERS = 16;
    /// @notice The shortest notice of a new signer set, where there is a challenge window at all.
    uint256 public constant MIN_NOTICE = 1 days;

    /// @dev Half the order of secp256k1.
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @dev Seconds from an announcement until the set may take effect.
    uint256 private immutable _notice;

    /// @inheritdoc ISignerSets
    mapping(uint32 version => mapping(address account => bool)) public isSigner;
    mapping(uint32 version => address[]) private _signers;

    /// @dev These stand last, and in this order, so that they share their slot with the head of the log: an anchor reads
    /// both.
    uint32 private _version;
    uint8 private _threshold;
    /// @dev The highest number given away. It is the announced set's while `_nextEffectiveAt` is not 0.
    uint32 private _lastVersion;
    uint8 private _nextThreshold;
    uint40 private _nextEffectiveAt;

    constructor(address[] memory signers, uint8 threshold, uint32 challengeWindow) {
        _notice = challengeWindow == 0 ? 0 : challengeWindow > MIN_NOTICE ? challengeWindow : MIN_NOTICE;
        (_version, _lastVersion, _threshold) = (1, 1, threshold);
        _storeSet(1, signers, threshold);
        emit SignerSetAnnounced(1, threshold, signers, uint40(block.timestamp));
    }

    /// @inheritdoc ISignerSets
    function announceSignerSet(address[] calldata signers, uint8 threshold, uint40 effectiveAt) external restricted {
        (uint32 version, uint8 inForce) = _setInForce();
        if (_nextEffectiveAt != 0 && version != _lastVersion) {
            revert SignerSetAlreadyAnnounced(_lastVersion, _nextEffectiveAt);
        }
        uint256 earliest = block.timestamp + _notice;
        if (effectiveAt < earliest) revert SignerSetTooEarly(effectiveAt, earliest);

        uint32 next = _lastVersion + 1;
        (_version, _threshold) = (version, inForce);
        (_lastVersion, _nextThreshold, _nextEffectiveAt) = (next, threshold, effectiveAt);
        _storeSet(next, signers, threshold);
        emit SignerSetAnnounced(next, threshold, signers, effectiveAt);
    }

    /// @inheritdoc ISignerSets
    function withdrawSignerSet() external restricted {
        _requireAnnounced();
        _nextEffectiveAt = 0;
        emit SignerSetWithdrawn(_lastVersion);
    }

    /// @inheritdoc ISignerSets
    function signerSet() external view returns (uint32 version, uint8 threshold, address[] memory signers) {
        (version, threshold) = _setInForce();
        return (version, threshold, _signers[version]);
    }

    /// @inheritdoc ISignerSets
    function announcedSignerSet()
        external
        view
        returns (uint32 version, uint8 threshold, address[] memory signers, uint40 effectiveAt)
    {
        _requireAnnounced();
        return (_lastVersion, _nextThreshold, _signers[_lastVersion], _nextEffectiveAt);
    }

    /// @dev The set in force now: an announced one takes over when its time comes, without a transaction.
    function _setInForce() internal view returns (uint32 version, uint8 threshold) {
        uint40 effectiveAt = _nextEffectiveAt;
        return
            effectiveAt != 0 && block.timestamp >= effectiveAt ? (_lastVersion, _nextThreshold) : (_version, _threshold);
    }

    /// @dev Reverts unless a quorum of the set in force signed `digest`. Signers that rise strictly and all belong to the
    /// set can't be more than the set has, so the loop is bounded by it.
    function _requireSigned(bytes32 digest, bytes[] calldata signatures) internal view {
        (uint32 version, uint8 threshold) = _setInForce();
        if (signatures.length < threshold) revert SignaturesTooFew(signatures.length, threshold);
        mapping(address account => bool) storage member = isSigner[version];
        address previous = address(0);
        for (uint256 i = 0; i < signatures.length; ++i) {
            address signer = _recover(digest, signatures[i]);
            if (signer <= previous) revert SignersNotRising(signer, previous);
            if (!member[signer]) revert SignerUnknown(signer);
            previous = signer;
        }
    }

    /// @dev The signer of `digest`, by the rules of OpenZeppelin's ECDSA and with its errors: 65 bytes, s in the lower half of
    /// the order, v 27 or 28. That library's own way to the same end takes 290
    /// gas more for each signature.
    function _recover(bytes32 digest, bytes calldata signature) private pure returns (address signer) {
        if (signature.length != 65) revert ECDSA.ECDSAInvalidSignatureLength(signature.length);
        bytes32 r;
        bytes32 s;
        uint8 v;
        assembly ("memory-safe") {
            r := calldataload(signature.offset)
            s := calldataload(add(signature.offset, 32))
            v := byte(0, calldataload(add(signature.offset, 64)))
        }
        if (uint256(s) > HALF_ORDER) revert ECDSA.ECDSAInvalidSignatureS(s);
        signer = ecrecover(digest, v, r, s);
        if (signer == address(0)) revert ECDSA.ECDSAInvalidSignature();
    }

    /// @dev Reverts unless a set was announced and is not in force yet.
    function _requireAnnounced() private view {
        if (_nextEffectiveAt == 0 || block.timestamp >= _nextEffectiveAt) revert NoSignerSetAnnounced();
    }

    function _storeSet(uint32 version, address[] memory signers, uint8 threshold) private {
        uint256 count = signers.length;
        if (count == 0 || count > MAX_SIGNERS) revert SignerCountOutOfRange(count, MAX_SIGNERS);
        if (2 * uint256(threshold) <= count || threshold > count) revert ThresholdOutOfRange(threshold, count);
        address previous = address(0);
        for (uint256 i = 0; i < count; ++i) {
            address signer = signers[i];
            if (signer <= previous) revert SignersNotRising(signer, previous);
            (bool registrar,) = IAccessManager(authority()).hasRole(Roles.REGISTRAR, signer);
            if (registrar) revert SignerIsRegistrar(signer);
            isSigner[version][signer] = true;
            previous = signer;
        }
        _signers[version] = signers;
    }
}
