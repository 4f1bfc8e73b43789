// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Lost wallets
/// @notice A wallet whose key is lost is *redirected*: from then on whatever it is owed, from the past and the future,
/// becomes credit of its heir. The wallet's own balances stay what they were, so the register and the reckoning of every
/// day are untouched; nothing is paid by a redirect, and what is owed to all together doesn't change by a fraction.
///
/// It happens once a wallet, for ever, and slowly: the enforcer proposes, seven days pass in which the guardian may
/// cancel and the wallet itself may object (a wallet that can object is not lost), then anybody executes. An heir may be
/// lost in its turn; circles are refused.
interface IRedirects {
    /// @notice `lost` will be redirected to `heir`: executable from `readyAt`, no longer from `expiresAt`, unix seconds.
    event RedirectProposed(
        address indexed lost, address indexed heir, uint40 readyAt, uint40 expiresAt, bytes32 reasonHash
    );
    /// @notice The guardian stopped the proposal.
    event RedirectCancelled(address indexed lost, address indexed heir);
    /// @notice The wallet isn't lost: it stopped the proposal itself.
    event RedirectObjected(address indexed lost, address indexed heir);
    /// @notice What `lost` is owed goes to `heir`, for ever.
    event RedirectExecuted(address indexed lost, address indexed heir);
    /// @notice `creditX96` (base units times 2^96) of `lost` became credit of `heir`; the tranches below `upTo` are
    /// settled for `lost`.
    event Redirected(address indexed lost, address indexed heir, uint256 creditX96, uint32 upTo);

    /// @notice Lost wallet and heir must be two addresses, neither of them zero, and the heir not this contract, which
    /// can't claim.
    error RedirectInvalid(address lost, address heir);
    /// @notice A redirect is for ever.
    error AlreadyRedirected(address lost, address heir);
    /// @notice A proposal for `lost` is open until `expiresAt`, unix seconds.
    error RedirectOpen(address lost, uint40 expiresAt);
    /// @notice No proposal for `lost` is open.
    error NoRedirect(address lost);
    /// @notice The proposal may be executed from `readyAt` on, unix seconds.
    error RedirectNotReady(address lost, uint40 readyAt);
    /// @notice The proposal could be executed until `expiresAt`, unix seconds.
    error RedirectExpired(address lost, uint40 expiresAt);
    /// @notice The heirs of `heir` lead back to `lost`.
    error RedirectCycle(address lost, address heir);
    /// @notice More than `most` wallets were lost in a row behind `heir`.
    error RedirectChainTooLong(address heir, uint256 most);

    /// @notice Proposes that `heir` receive what `lost` is owed. Restricted: the enforcer role.
    /// @param reasonHash SHA-256 of the document that says why.
    function proposeRedirect(address lost, address heir, bytes32 reasonHash) external;

    /// @notice Stops a proposal. Restricted: the guardian role.
    function cancelRedirect(address lost) external;

    /// @notice Stops the proposal for the calling wallet, which thereby shows that it isn't lost.
    function objectToRedirect() external;

    /// @notice Makes a proposal that is ready take effect. Anybody may. Rests while the contract is paused.
    function executeRedirect(address lost) external;

    /// @notice Who receives what `lost` is owed; 0 if it isn't redirected.
    function heirOf(address lost) external view returns (address);

    /// @notice The open proposal for `lost`, all zero if there is none. It may have expired.
    function redirectOf(address lost) external view returns (address heir, uint40 readyAt, uint40 expiresAt);
}
