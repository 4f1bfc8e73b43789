// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";

import {IOperators} from "../interfaces/IOperators.sol";

/// @title Operators
/// @notice Who may claim for somebody else; see {IOperators}.
abstract contract Operators is IOperators, EIP712, ERC165 {
    /// @dev EIP-712 type hash; a test works it out by hand.
    bytes32 public constant AUTHORIZE_OPERATOR_TYPEHASH = keccak256(
        "AuthorizeOperator(address controller,address operator,bool approved,bytes32 nonce,uint256 deadline)"
    );
    /// @dev ERC-165 ids: the two operator functions of ERC-7540, and the four of ERC-7741.
    bytes4 private constant OPERATORS_ID = IOperators.setOperator.selector ^ IOperators.isOperator.selector;
    bytes4 private constant AUTHORIZATIONS_ID = IOperators.authorizeOperator.selector
        ^ IOperators.authorizations.selector ^ IOperators.DOMAIN_SEPARATOR.selector
        ^ IOperators.invalidateNonce.selector;

    /// @inheritdoc IOperators
    mapping(address controller => mapping(address operator => bool)) public isOperator;
    /// @inheritdoc IOperators
    mapping(address controller => mapping(bytes32 nonce => bool used)) public authorizations;

    constructor() EIP712("helioracle", "1") {}

    /// @inheritdoc IOperators
    function setOperator(address operator, bool approved) external returns (bool) {
        return _setOperator(msg.sender, operator, approved);
    }

    /// @inheritdoc IOperators
    function authorizeOperator(
        address controller,
        address operator,
        bool approved,
        bytes32 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external returns (bool) {
        if (block.timestamp > deadline) revert AuthorizationExpired(deadline, block.timestamp);
        if (authorizations[controller][nonce]) revert AuthorizationUsed(controller, nonce);
        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(AUTHORIZE_OPERATOR_TYPEHASH, controller, operator, approved, nonce, deadline))
        );
        if (!SignatureChecker.isValidSignatureNowCalldata(controller, digest, signature)) {
            revert AuthorizationInvalid(controller);
        }
        authorizations[controller][nonce] = true;
        return _setOperator(controller, operator, approved);
    }

    /// @inheritdoc IOperators
    function invalidateNonce(bytes32 nonce) external {
        authorizations[msg.sender][nonce] = true;
    }

    /// @inheritdoc IOperators
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @notice ERC-165.
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == OPERATORS_ID || interfaceId == AUTHORIZATIONS_ID || super.supportsInterface(interfaceId);
    }

    function _requireOperator(address holder) internal view {
        if (msg.sender != holder && !isOperator[holder][msg.sender]) revert NotOperator(holder, msg.sender);
    }

    function _setOperator(address controller, address operator, bool approved) private returns (bool) {
        isOperator[controller][operator] = approved;
        emit OperatorSet(controller, operator, approved);
        return true;
    }
}
