"""Who holds which power over an asset's contracts, and how long each waits (contracts/src/factory/RoleTable.sol)."""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_utils.address import to_checksum_address

from evidence.units import SECONDS_PER_DAY, div_floor
from oracle.errors import ChainConflict

# Role ids in the asset's AccessManager (contracts/src/lib/Roles.sol).
ADMIN_ROLE = 0
REGISTRAR_ROLE = 1
COMPLIANCE_ROLE = 2
TREASURY_ROLE = 3
ISSUER_ROLE = 4
GUARDIAN_ROLE = 5
ENFORCER_ROLE = 6
SIGNER_ADMIN_ROLE = 7
RESTARTER_ROLE = 8

# The roles that one address each holds, in the order of `IAssetFactory.Offices`.
ROLE_NAMES = (
    "admin",
    "registrar",
    "compliance",
    "treasury",
    "issuer",
    "guardian",
    "enforcer",
    "signer_admin",
    "restarter",
)

SIGNERS_MAX = 16  # contracts/src/declarations/SignerSets.sol

# Restricted functions: (contract, function, role). What isn't named belongs to the admin.
RESTRICTED = (
    ("registry", "append(uint32,bytes32,uint32,uint64)", REGISTRAR_ROLE),
    ("gate", "setAllowed(address[],bool)", COMPLIANCE_ROLE),
    ("share", "mint(address,uint256)", ISSUER_ROLE),
    ("share", "burn(uint256)", ISSUER_ROLE),
    ("share", "setFrozenTokens(address,uint256)", COMPLIANCE_ROLE),
    ("share", "forcedTransfer(address,address,uint256,bytes32)", ENFORCER_ROLE),
    ("declarations", "announceSignerSet(address[],uint8,uint40)", SIGNER_ADMIN_ROLE),
    ("declarations", "withdrawSignerSet()", GUARDIAN_ROLE),
    ("declarations", "announceRestart(uint64,bytes32,bytes32)", RESTARTER_ROLE),
    ("declarations", "cancelRestart()", GUARDIAN_ROLE),
    ("declarations", "guardianDispute(uint32,bytes32,bytes32)", GUARDIAN_ROLE),
    ("declarations", "pause(uint32)", GUARDIAN_ROLE),
    ("distributor", "fund(uint32,uint256)", TREASURY_ROLE),
    ("distributor", "setPayoutFrozen(address[],bool)", COMPLIANCE_ROLE),
    ("distributor", "proposeRedirect(address,address,bytes32)", ENFORCER_ROLE),
    ("distributor", "cancelRedirect(address)", GUARDIAN_ROLE),
    ("distributor", "pause(uint32)", GUARDIAN_ROLE),
)


@dataclass(frozen=True, slots=True)
class RoleHolders:
    """Who may do what: checksummed addresses.

    Attributes:
        signers: sign anchors and reports; the oracle's keys.
        threshold: how many of them must sign, more than half.
        admin: everything that no other role is named for, each act announced seven days ahead.
        registrar: appends to the meter registry; never a signer: the signers state what meters measured, and must not decide which meters
            count.
        compliance: keeps the gate's list, freezes shares and payouts.
        treasury: funds Final periods.
        issuer: mints shares, and burns its own.
        guardian: disputes, cancels and pauses.
        enforcer: moves shares by force and redirects lost wallets.
        signer_admin: announces signer sets.
        restarter: announces that a lost log begins again.
    """

    signers: tuple[str, ...]
    threshold: int
    admin: str
    registrar: str
    compliance: str
    treasury: str
    issuer: str
    guardian: str
    enforcer: str
    signer_admin: str
    restarter: str

    @classmethod
    def of(cls, owner: str, *, signers: Sequence[str], threshold: int | None = None, **others: str) -> "RoleHolders":
        """`owner` holds every role that `others` does not name; the least threshold where none is given.

        Raises:
            ChainConflict: a signer is also the registrar, or stands there twice, there are none or too many, or the threshold is not more
                than half of them.
        """
        least = div_floor(len(signers), 2) + 1
        held = {name: to_checksum_address(others.pop(name, owner)) for name in ROLE_NAMES}
        if others:
            raise TypeError(f"no such office: {', '.join(others)}")
        made = cls(
            signers=tuple(to_checksum_address(signer) for signer in sorted(signers, key=lambda one: int(one, 16))),
            threshold=least if threshold is None else threshold,
            **held,
        )
        if made.registrar in made.signers:
            raise ChainConflict(f"{made.registrar} cannot be signer and registrar")
        if len(set(made.signers)) != len(made.signers):
            raise ChainConflict("a signer stands twice among the signers")
        if not made.signers:
            raise ChainConflict("there is no signer")
        if len(made.signers) > SIGNERS_MAX:
            raise ChainConflict(f"{len(made.signers)} signers; {SIGNERS_MAX} at most")
        if not least <= made.threshold <= len(made.signers):
            raise ChainConflict(f"threshold {made.threshold} of {len(made.signers)} signers; {least} at least")
        return made

    def as_tuple(self) -> tuple[str, ...]:
        """The roles in the order of `IAssetFactory.Offices`."""
        return tuple(getattr(self, name) for name in ROLE_NAMES)

    def holders(self) -> tuple[tuple[int, str, int], ...]:
        """(role, who holds it, seconds that each of its acts is announced ahead)."""
        return (
            (ADMIN_ROLE, self.admin, 7 * SECONDS_PER_DAY),
            (REGISTRAR_ROLE, self.registrar, 2 * SECONDS_PER_DAY),
            (COMPLIANCE_ROLE, self.compliance, 0),
            (TREASURY_ROLE, self.treasury, 0),
            (ISSUER_ROLE, self.issuer, 0),
            (GUARDIAN_ROLE, self.guardian, 0),
            (ENFORCER_ROLE, self.enforcer, 3 * SECONDS_PER_DAY),
            (SIGNER_ADMIN_ROLE, self.signer_admin, 2 * SECONDS_PER_DAY),
            (RESTARTER_ROLE, self.restarter, 0),
        )


@dataclass(frozen=True, slots=True)
class ReportRules:
    """What is fixed for an asset's reports when its contracts are created.

    Attributes:
        challenge_window_s: seconds in which a report may be disputed, at most 30 days; 0 makes it Final at once, for development.
        resolve_window_s: seconds after a dispute until the report is Void.
        margin_permille: how much of the theoretical energy is believed: 1000 (all of it) to 2000.
        profile_minutes: the most full-load minutes that the asset makes on one day, 1 to 1440.
    """

    challenge_window_s: int = SECONDS_PER_DAY
    resolve_window_s: int = 7 * SECONDS_PER_DAY
    margin_permille: int = 1100
    profile_minutes: int = 1440


AT_ONCE = ReportRules(challenge_window_s=0, resolve_window_s=0)
