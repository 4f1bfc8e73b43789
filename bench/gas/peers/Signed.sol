// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {MultiSignerERC7913} from "@openzeppelin/contracts/utils/cryptography/signers/MultiSignerERC7913.sol";

/// @title The same words under the same signatures, by OpenZeppelin's k of n, into one slot
/// @notice No proof that a log only grew, no bound of energy, no dispute: what remains is what signatures and a slot cost.
contract SignedWords is EIP712("peer", "1"), MultiSignerERC7913 {
    event Anchored(uint64 size, bytes32 root);
    event Declared(bytes32 hash, bytes32[17] report);

    error SignaturesInvalid();

    bytes32 private constant ANCHOR = keccak256("Anchor(uint32 logGeneration,uint64 logSize,bytes32 logRoot)");
    bytes32 private constant REPORT = keccak256("Report(bytes32[17] words)");

    mapping(uint64 size => bytes32 root) public rootAt;
    mapping(bytes32 period => bytes32 hash) public reportOf;

    constructor(bytes[] memory signers, uint64 least) MultiSignerERC7913(signers, least) {}

    function anchor(uint64 size, bytes32 root, bytes calldata signatures) external {
        _require(anchorDigest(size, root), signatures);
        rootAt[size] = root;
        emit Anchored(size, root);
    }

    function declare(bytes32[17] calldata report, bytes calldata signatures) external {
        bytes32 hash = reportDigest(report);
        _require(hash, signatures);
        reportOf[report[1]] = hash;
        emit Declared(hash, report);
    }

    function anchorDigest(uint64 size, bytes32 root) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ANCHOR, 1, size, root)));
    }

    function reportDigest(bytes32[17] calldata report) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(REPORT, report)));
    }

    function _require(bytes32 digest, bytes calldata signatures) private view {
        if (!_rawSignatureValidation(digest, signatures)) revert SignaturesInvalid();
    }
}

/// @title A signed document under an accepted root, and the word that it brings
/// @notice OpenZeppelin's P-256, which asks the precompile, and its Merkle proof with SHA-256: one document and one proof, where
/// a settlement has two of each and compares two registers.
contract SignedDocument {
    event Stored(bytes32 indexed key, bytes32 word);

    error ProofWrong();
    error SignatureInvalid();

    bytes32 public root;
    mapping(bytes32 key => bytes32 word) public words;

    function accept(bytes32 root_) external {
        root = root_;
    }

    function settle(bytes calldata document, bytes32[2] calldata rs, bytes32[2] calldata point, bytes32[] calldata proof)
        external
    {
        bytes32 digest = sha256(document);
        if (!MerkleProof.verifyCalldata(proof, root, digest, _pair)) revert ProofWrong();
        if (!P256.verify(digest, rs[0], rs[1], point[0], point[1])) revert SignatureInvalid();
        words[point[0]] = digest;
        emit Stored(point[0], digest);
    }

    function _pair(bytes32 a, bytes32 b) private view returns (bytes32) {
        return a < b ? sha256(abi.encode(a, b)) : sha256(abi.encode(b, a));
    }
}
