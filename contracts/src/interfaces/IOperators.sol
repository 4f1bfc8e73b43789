// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who may claim for somebody else
/// @notice The operators of ERC-7540, and their signed approval of ERC-7741: a holder without gas money signs, a keeper
/// sends. An operator decides when a holder is paid and nothing else; the money goes where the holder's own claim would
/// send it, never to the operator.
interface IOperators {
    /// @notice `controller` lets `operator` claim for it, or no longer does.
    event OperatorSet(address indexed controller, address indexed operator, bool approved);

    /// @notice `caller` is not an operator of `holder`.
    error NotOperator(address holder, address caller);
    /// @notice The authorisation was good until `deadline`, unix seconds.
    error AuthorizationExpired(uint256 deadline, uint256 now_);
    /// @notice `controller` used this nonce, or took it back.
    error AuthorizationUsed(address controller, bytes32 nonce);
    /// @notice The signature is not `controller`'s.
    error AuthorizationInvalid(address controller);

    /// @notice Lets `operator` claim for the caller, or stops it.
    function setOperator(address operator, bool approved) external returns (bool);

    /// @notice The same, signed by `controller` and sent by anybody.
    /// @param nonce Any 32 bytes that `controller` has not used; there is no order among them.
    /// @param deadline Last second at which the signature is good.
    /// @param signature EIP-712, by key (65 bytes) or, where `controller` has code, as ERC-1271 wants it, over
    /// AuthorizeOperator(address controller,address operator,bool approved,bytes32 nonce,uint256 deadline).
    function authorizeOperator(
        address controller,
        address operator,
        bool approved,
        bytes32 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external returns (bool);

    /// @notice Takes a signature back before it is sent.
    function invalidateNonce(bytes32 nonce) external;

    /// @notice Whether `operator` may claim for `controller`.
    function isOperator(address controller, address operator) external view returns (bool);

    /// @notice Whether `nonce` is used up.
    function authorizations(address controller, bytes32 nonce) external view returns (bool);

    /// @notice The EIP-712 domain of this contract.
    function DOMAIN_SEPARATOR() external view returns (bytes32);
}
