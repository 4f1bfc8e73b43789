// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IInvestorGate} from "./IInvestorGate.sol";

/// @title What the shares of one asset can do beyond ERC-20, ERC-7943 and the holder register
/// @notice Whole shares: one token unit is one share. They move only between addresses that the gate allows. The powers
/// over them are few, each belongs to a role of its own, and each can be given up for ever (`abdicate`).
interface IAssetShare {
    /// @notice The shares of this forced transfer were taken for `reason`, which names or hashes a document off chain.
    event ForcedTransferReason(address indexed from, address indexed to, uint256 amount, bytes32 reason);
    /// @notice From now on `gate` says who may send and receive.
    event GateSet(IInvestorGate indexed gate, IInvestorGate indexed before);

    /// @notice The supply would pass the largest balance that a checkpoint holds; it can grow by `room`.
    error SupplyTooLarge(uint256 amount, uint256 room);
    /// @notice More frozen than anybody can ever have; `most` freezes all that an account has and gets.
    error FrozenTooLarge(uint256 amount, uint256 most);
    /// @notice A forced transfer needs a reason.
    error ReasonMissing();
    /// @notice The zero address holds nothing.
    error ZeroAddress();
    /// @notice There is no contract at `account`.
    error NoContract(address account);
    /// @notice `gate` is the gate already.
    error GateUnchanged(IInvestorGate gate);

    /// @notice Creates `amount` shares for `to`, who must be able to receive. Restricted: the issuer role.
    function mint(address to, uint256 amount) external;

    /// @notice Destroys `amount` of the caller's own shares, which must be unfrozen. Restricted: the issuer role.
    function burn(uint256 amount) external;

    /// @notice Takes `amount` shares from `from` and gives them to `to`, who must be able to receive. Restricted: the
    /// enforcer role. The standard's form without a reason is left to the admin, who is delayed.
    /// @dev What `from` was owed until then stays owed to `from`: days that are over never change.
    /// @param reason Not zero; names or hashes the document that orders the transfer.
    function forcedTransfer(address from, address to, uint256 amount, bytes32 reason) external;

    /// @notice Puts another gate in the place of the present one. Restricted: the admin, who is delayed.
    /// @param newGate A contract. A gate that doesn't answer allows nobody.
    function setGate(IInvestorGate newGate) external;

    /// @notice Says who may send and receive shares.
    function gate() external view returns (IInvestorGate);
}
