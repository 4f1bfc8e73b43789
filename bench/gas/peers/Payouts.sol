// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

/// @title The usual Merkle claim: a root a period, a bit a holder
/// @notice Stands for the distributors that drop a list of amounts: who holds how much is somebody's word, not the chain's.
contract MerkleClaim {
    using BitMaps for BitMaps.BitMap;
    using SafeERC20 for IERC20;

    event Claimed(uint256 indexed period, uint256 index, address account, uint256 amount);

    error AlreadyClaimed();
    error ProofWrong();

    IERC20 public immutable token;
    bytes32[] public roots;
    mapping(uint256 period => BitMaps.BitMap) private _claimed;

    constructor(IERC20 token_) {
        token = token_;
    }

    function publish(bytes32 root) external {
        roots.push(root);
    }

    function claim(uint256 period, uint256 index, address account, uint256 amount, bytes32[] calldata proof) external {
        if (_claimed[period].get(index)) revert AlreadyClaimed();
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(index, account, amount))));
        if (!MerkleProof.verifyCalldata(proof, roots[period], leaf)) revert ProofWrong();
        _claimed[period].set(index);
        token.safeTransfer(account, amount);
        emit Claimed(period, index, account, amount);
    }
}

/// @title Payments to many in one transaction, each of an amount that the caller names
contract Disperser {
    using SafeERC20 for IERC20;

    function pay(IERC20 token, address[] calldata to, uint256[] calldata amounts) external {
        for (uint256 i = 0; i < to.length; ++i) {
            token.safeTransferFrom(msg.sender, to[i], amounts[i]);
        }
    }
}

/// @title A vault that takes money in
contract Vault is ERC4626 {
    constructor(IERC20 token) ERC20("Vault", "VAULT") ERC4626(token) {}
}
