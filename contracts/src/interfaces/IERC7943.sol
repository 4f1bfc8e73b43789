// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title ERC-7943 (uRWA), the interface for ERC-20 tokens
/// @notice What a token of a real asset answers and lets others do, whatever rules stand behind it: who may send and
/// receive, how much of a balance is frozen, and the enforcement that an order of a court or a lost key asks for. Names
/// and types are the standard's (interface id 0x3edbb4c4); the words are ours and say how this project reads it.
interface IERC7943 is IERC165 {
    /// @notice `amount` shares were taken from `from` and given to `to`.
    event ForcedTransfer(address indexed from, address indexed to, uint256 amount);
    /// @notice `amount` shares of `account` are frozen now.
    event Frozen(address indexed account, uint256 amount);

    /// @notice `account` may not send.
    error ERC7943CannotSend(address account);
    /// @notice `account` may not receive.
    error ERC7943CannotReceive(address account);
    /// @notice This transfer makes no sense under the token's rules.
    error ERC7943CannotTransfer(address from, address to, uint256 amount);
    /// @notice `account` has `amount`, but only `unfrozen` of it may be sent.
    error ERC7943InsufficientUnfrozenBalance(address account, uint256 amount, uint256 unfrozen);

    /// @notice Takes `amount` from `from` and gives it to `to`, who must be able to receive. Restricted.
    /// @dev Unfrozen shares go first; what has to come out of the frozen ones lowers the frozen amount, and {Frozen} says
    /// so before the transfer.
    /// @return result True; a failure reverts.
    function forcedTransfer(address from, address to, uint256 amount) external returns (bool result);

    /// @notice Freezes `amount` of what `account` has or will have, in place of what was frozen before. Restricted.
    /// @return result True; a failure reverts.
    function setFrozenTokens(address account, uint256 amount) external returns (bool result);

    /// @notice Whether the rules let `account` send at all. Never reverts.
    function canSend(address account) external view returns (bool allowed);

    /// @notice Whether the rules let `account` receive at all. Never reverts.
    function canReceive(address account) external view returns (bool allowed);

    /// @notice Frozen shares of `account`; may be more than it has.
    function getFrozenTokens(address account) external view returns (uint256 amount);

    /// @notice Whether `from` may send `amount` to `to` now: both are allowed, and so much is unfrozen. Never reverts.
    /// @dev False too when `from` has less than `amount`: then less than `amount` is unfrozen.
    function canTransfer(address from, address to, uint256 amount) external view returns (bool allowed);
}
