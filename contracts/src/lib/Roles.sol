// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The roles of one asset
/// @notice Ids in the asset's AccessManager. Id 0 is the admin, who may call every restricted function
/// that no other role is named for: replace a gate, abdicate, attach the direct settlement.
library Roles {
    /// @dev `uint64` 0 in OpenZeppelin's AccessManager.
    uint64 internal constant ADMIN = 0;
    /// @dev Says which meters count. Never a signer of reports.
    uint64 internal constant REGISTRAR = 1;
    /// @dev Says who may hold shares and be paid, and whose shares or payouts are frozen.
    uint64 internal constant COMPLIANCE = 2;
    /// @dev Brings the money.
    uint64 internal constant TREASURY = 3;
    /// @dev Creates shares, and destroys its own.
    uint64 internal constant ISSUER = 4;
    /// @dev Disputes, cancels and pauses: can only ever stop or slow down.
    uint64 internal constant GUARDIAN = 5;
    /// @dev Moves shares by force and redirects lost wallets.
    uint64 internal constant ENFORCER = 6;
    /// @dev Announces signer sets.
    uint64 internal constant SIGNER_ADMIN = 7;
    /// @dev Announces the restart of a lost log.
    uint64 internal constant RESTARTER = 8;
}
