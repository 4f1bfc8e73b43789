// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What the register needs of an ERC-3643 token
/// @notice Names and types as in the standard; the words are ours.
interface IErc3643Token {
    /// @notice Tokens of `account` now.
    function balanceOf(address account) external view returns (uint256);

    /// @notice All tokens in existence now.
    function totalSupply() external view returns (uint256);

    /// @notice The contract that the token tells of each transfer, mint and burn.
    function compliance() external view returns (address);
}

/// @title What the register needs of a token's compliance contract
interface IErc3643Compliance {
    /// @notice Whether `module` is told of each transfer, mint and burn.
    function isModuleBound(address module) external view returns (bool);
}

/// @title A module of a modular compliance contract (T-REX 4.1.6)
/// @notice A compliance contract asks each of its modules before a transfer or a mint, and tells each of them after a
/// transfer, a mint or a burn. Names and types are those that deployed compliance contracts call; the words are ours.
interface IErc3643Module {
    /// @notice `compliance` has this module now, or has it no longer.
    event ComplianceBound(address indexed compliance);
    event ComplianceUnbound(address indexed compliance);

    /// @notice Called by `compliance` when its owner adds the module.
    function bindCompliance(address compliance) external;

    /// @notice Called by `compliance` when its owner removes the module.
    function unbindCompliance(address compliance) external;

    /// @notice `value` tokens went from `from` to `to`.
    function moduleTransferAction(address from, address to, uint256 value) external;

    /// @notice `value` tokens were created for `to`.
    function moduleMintAction(address to, uint256 value) external;

    /// @notice `value` tokens of `from` were destroyed.
    function moduleBurnAction(address from, uint256 value) external;

    /// @notice Whether the module lets `value` tokens go from `from` (0 when they are created) to `to`.
    function moduleCheck(address from, address to, uint256 value, address compliance) external view returns (bool);

    /// @notice Whether `compliance` has this module.
    function isComplianceBound(address compliance) external view returns (bool);

    /// @notice Whether the module suits `compliance`; asked only of a module that is not plug and play.
    function canComplianceBind(address compliance) external view returns (bool);

    /// @notice Whether any compliance contract may add the module, without anything being prepared.
    function isPlugAndPlay() external pure returns (bool);

    /// @notice The module's name.
    function name() external pure returns (string memory);
}
