// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IAnchoredLog} from "../interfaces/IAnchoredLog.sol";
import {Rfc9162} from "../lib/Rfc9162.sol";
import {SignerSets} from "./SignerSets.sol";

/// @title AnchoredLog
/// @notice The anchored log of one asset's oracle; see {IAnchoredLog}.
abstract contract AnchoredLog is IAnchoredLog, EIP712, SignerSets {
    /// @dev EIP-712 type hashes; a test works them out by hand.
    bytes32 public constant ANCHOR_TYPEHASH = keccak256("Anchor(uint32 logGeneration,uint64 logSize,bytes32 logRoot)");
    bytes32 public constant RESTART_TYPEHASH =
        keccak256("Restart(uint32 logGeneration,uint64 logSize,bytes32 logRoot,uint64 lostSize,bytes32 lostRoot)");

    /// @notice Seconds from the announcement of a restart until it may happen.
    uint40 public constant RESTART_DELAY = 14 days;
    /// @notice Seconds for which it may happen then.
    uint40 public constant RESTART_LIFETIME = 30 days;

    /// @dev `readyAt` 0: none is announced.
    struct Restart {
        bytes32 root;
        uint64 size;
        uint40 readyAt;
    }

    /// @dev These stand first, so that they share their slot with the signer set in force.
    uint32 private _generation = 1;
    uint64 private _headSize;

    /// @inheritdoc IAnchoredLog
    mapping(uint32 generation => mapping(uint64 size => bytes32 root)) public rootOf;
    Restart private _restart;

    /// @inheritdoc IAnchoredLog
    function anchor(uint64 logSize, bytes32 logRoot, bytes32[] calldata proof, bytes[] calldata signatures) external {
        if (logSize == 0) revert LogEmpty();
        (uint32 generation, uint64 headSize, bytes32 headRoot) = head();
        if (logSize < headSize) revert LogShrank(logSize, headSize);
        _requireSigned(anchorDigest(generation, logSize, logRoot), signatures);
        if (headSize == 0) {
            if (proof.length != 0) revert FirstAnchorNeedsNoProof(proof.length);
        } else {
            Rfc9162.verifyConsistency(headSize, headRoot, logSize, logRoot, proof);
        }

        if (logSize != headSize) {
            _headSize = logSize;
            rootOf[generation][logSize] = logRoot;
        }
        emit Anchored(generation, logSize, logRoot);
    }

    /// @inheritdoc IAnchoredLog
    function announceRestart(uint64 logSize, bytes32 logRoot, bytes32 reasonHash) external restricted {
        if (logSize == 0) revert LogEmpty();
        uint40 pending = _expiry(_restart.readyAt);
        if (block.timestamp < pending) revert RestartAlreadyAnnounced(pending);

        uint40 readyAt = uint40(block.timestamp) + RESTART_DELAY;
        _restart = Restart(logRoot, logSize, readyAt);
        emit RestartAnnounced(logSize, logRoot, readyAt, _expiry(readyAt), reasonHash);
    }

    /// @inheritdoc IAnchoredLog
    function cancelRestart() external restricted {
        Restart memory announced = _restart;
        if (announced.readyAt == 0) revert NoRestartAnnounced();
        delete _restart;
        emit RestartCancelled(announced.size, announced.root);
    }

    /// @inheritdoc IAnchoredLog
    function restartLog(uint64 logSize, bytes32 logRoot, bytes[] calldata signatures) external {
        _requireRestartDue(logSize, logRoot);
        (uint32 generation, uint64 lostSize, bytes32 lostRoot) = head();
        ++generation;
        _requireSigned(restartDigest(generation, logSize, logRoot, lostSize, lostRoot), signatures);

        delete _restart;
        (_generation, _headSize) = (generation, logSize);
        rootOf[generation][logSize] = logRoot;
        emit LogRestarted(generation, logSize, logRoot, lostSize, lostRoot);
    }

    /// @inheritdoc IAnchoredLog
    function head() public view returns (uint32 generation, uint64 size, bytes32 root) {
        (generation, size) = (_generation, _headSize);
        root = size == 0 ? Rfc9162.EMPTY_ROOT : rootOf[generation][size];
    }

    /// @inheritdoc IAnchoredLog
    function rootAt(uint64 size) public view returns (bytes32) {
        return rootOf[_generation][size];
    }

    /// @inheritdoc IAnchoredLog
    function announcedRestart() external view returns (uint64 size, bytes32 root, uint40 readyAt, uint40 expiresAt) {
        Restart memory announced = _restart;
        return (announced.size, announced.root, announced.readyAt, _expiry(announced.readyAt));
    }

    /// @inheritdoc IAnchoredLog
    function anchorDigest(uint32 logGeneration, uint64 logSize, bytes32 logRoot) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ANCHOR_TYPEHASH, logGeneration, logSize, logRoot)));
    }

    /// @inheritdoc IAnchoredLog
    function restartDigest(uint32 logGeneration, uint64 logSize, bytes32 logRoot, uint64 lostSize, bytes32 lostRoot)
        public
        view
        returns (bytes32)
    {
        return
            _hashTypedDataV4(
                keccak256(abi.encode(RESTART_TYPEHASH, logGeneration, logSize, logRoot, lostSize, lostRoot))
            );
    }

    /// @dev The generation of the log that may be cited now.
    function _logGeneration() internal view returns (uint32) {
        return _generation;
    }

    /// @dev Reverts unless this head was announced and its time is now.
    function _requireRestartDue(uint64 logSize, bytes32 logRoot) private view {
        Restart memory announced = _restart;
        if (announced.readyAt == 0) revert NoRestartAnnounced();
        if (announced.size != logSize || announced.root != logRoot) {
            revert RestartHeadWrong(logSize, logRoot, announced.size, announced.root);
        }
        if (block.timestamp < announced.readyAt) revert RestartNotReady(announced.readyAt);
        uint40 expiresAt = _expiry(announced.readyAt);
        if (block.timestamp >= expiresAt) revert RestartExpired(expiresAt);
    }

    function _expiry(uint40 readyAt) private pure returns (uint40) {
        return readyAt == 0 ? 0 : readyAt + RESTART_LIFETIME;
    }
}
