"""Meters, log, signer sets, reports and disputes, right ones and wrong ones."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.contracts.actors import OFFICERS, SIGNERS, SPARE_SIGNERS, STRANGER
from tests.contracts.acts import FLAWS, Acts, by, mostly, one_of, when
from tests.contracts.model.asset import Asset
from tests.contracts.model.clock import DAY_S
from tests.contracts.model.declarations import MOST_64_BITS
from tests.contracts.model.merkle import consistency_proof, root_of
from tests.contracts.model.report import Report, Status
from tests.contracts.model.roles import Address, Role

LOG_MOST = 24
ROOT = b"\2" * 32
REASON = b"\3" * 32
flaws = mostly(None, *FLAWS)
# What may be wrong with a report: field -> what is added to it, or what it is set to.
WRONG_FIELDS: list[tuple[str, int | bytes]] = [
    ("schema_version", -1),
    ("revision", 1),
    ("signer_set_version", 1),
    ("log_generation", 1),
    ("log_size", 1),
    ("registry_index", 1),
    ("previous_hash", REASON),
    ("gross", -(2**126)),
    ("catch_up_hours", 10_000),
    ("distributable", 2**96),
]


def leaves_from(begin: Sequence[bytes], more: int, salt: int) -> list[bytes]:
    """A log that goes on from `begin` by `more` entries that nobody saw before."""
    return [
        *begin,
        *(sha256(bytes([0, salt % 256, number])).digest() for number in range(len(begin), len(begin) + more)),
    ]


def some_are_pending(asset: Asset) -> bool:
    """Whether anything can be disputed."""
    return any(asset.declarations.status(period) is Status.PENDING for period in asset.declarations.history)


class ActsOfTheOracle(Acts):
    """Rules of declarations."""

    @rule(
        caller=by(Role.REGISTRAR), ahead=st.integers(-2, 3), meters=mostly(5, 0), watts=one_of(50_000, 1_234, 0, 2**63)
    )
    def append_meters(self, caller: Address, ahead: int, meters: int, watts: int) -> None:
        self.differential.both("registry", "append", caller, self.model.clock.today + ahead, ROOT, meters, watts)

    def anchor_more(self, more: int, flaw: str | None = None, salt: int = 0) -> bool:
        """Anchors a log that goes on, or one with a flaw."""
        log = self.model.declarations
        head = log.generations[-1]
        leaves = leaves_from(head, more if len(head) < LOG_MOST else 0, salt)
        proof = list(consistency_proof(len(head), leaves)) if head else []
        if flaw == "rewritten":
            leaves[salt % len(leaves)] = REASON
        if flaw == "shorter":
            leaves = leaves[: salt % len(leaves)]
        if flaw == "proof_longer":
            proof.append(REASON)
        if flaw == "proof_shorter":
            proof = proof[:-1]
        signatures = self.quorum(log.domain, log.anchor_hash(leaves), flaw)
        return self.differential.both(
            "declarations",
            "anchor",
            STRANGER,
            len(leaves),
            root_of(leaves),
            proof,
            signatures,
            model=lambda: log.anchor(STRANGER, leaves, proof, signatures),
        )

    @rule(
        more=st.integers(0, 5),
        flaw=mostly(None, "rewritten", "shorter", "proof_longer", "proof_shorter", *FLAWS),
        salt=st.integers(0, 99),
    )
    def anchor(self, more: int, flaw: str | None, salt: int) -> None:
        if self.model.declarations.generations[-1] or more:
            self.anchor_more(more, flaw, salt)

    @rule(caller=by(Role.RESTARTER), size=st.integers(0, 6), salt=st.integers(100, 103))
    def announce_restart(self, caller: Address, size: int, salt: int) -> None:
        leaves = leaves_from([], size, salt)
        self.differential.both(
            "declarations",
            "announceRestart",
            caller,
            size,
            root_of(leaves),
            REASON,
            model=lambda: self.model.declarations.announce_restart(caller, leaves, REASON),
        )

    @when(lambda asset: asset.declarations.restart)
    @rule(flaw=flaws, other_head=mostly(False, True))
    def restart_log(self, flaw: str | None, other_head: bool) -> None:
        log = self.model.declarations
        leaves = [REASON] if log.restart is None or other_head else list(log.restart.leaves)
        signatures = self.quorum(log.domain, log.restart_hash(leaves), flaw)
        self.differential.both(
            "declarations",
            "restartLog",
            STRANGER,
            len(leaves),
            root_of(leaves),
            signatures,
            model=lambda: log.restart_log(STRANGER, leaves, signatures),
        )

    @when(lambda asset: asset.declarations.restart)
    @rule(caller=by(Role.GUARDIAN))
    def cancel_restart(self, caller: Address) -> None:
        self.differential.both("declarations", "cancelRestart", caller)

    @rule(
        caller=by(Role.SIGNER_ADMIN),
        members=st.sets(st.sampled_from([*SIGNERS, *SPARE_SIGNERS]), max_size=5),
        flaw=mostly(None, "half", "above", "unsorted", "registrar", "too_many"),
        late_s=mostly(0, -1, 5 * DAY_S),
    )
    def announce_signer_set(self, caller: Address, members: set[Address], flaw: str | None, late_s: int) -> None:
        signers = sorted(members)
        threshold = len(signers) // 2 + 1
        if flaw == "half":
            threshold = len(signers) // 2
        if flaw == "above":
            threshold = len(signers) + 1
        if flaw == "unsorted":
            signers.reverse()
        if flaw == "registrar":
            signers = sorted([*signers, OFFICERS[Role.REGISTRAR]])
        if flaw == "too_many":
            signers = [f"0x{number:040x}" for number in range(1, 18)]
        effective_at = self.now + self.model.declarations.notice_s + late_s
        self.differential.both("declarations", "announceSignerSet", caller, signers, threshold, effective_at)

    @when(lambda asset: asset.declarations.announced_signer_set())
    @rule(caller=by(Role.GUARDIAN))
    def withdraw_signer_set(self, caller: Address) -> None:
        self.differential.both("declarations", "withdrawSignerSet", caller)

    def due_report(self, period: int, distributable: int, energy_permille: int = 500) -> Report:
        """A report with which nothing is wrong, as far as there can be one.

        Args:
            period: Of the schedule.
            distributable: Base units.
            energy_permille: How much of what the period lets it say; 1,001 is a watt-hour more.
        """
        declarations = self.model.declarations
        newest = declarations.newest(period)
        from_day, to_day = declarations.terms.days_of(period)
        index = max(0, sum(entry.effective_day <= from_day for entry in self.model.registry.entries) - 1)
        most = declarations.most_in_period(from_day, to_day, index, 0) if self.model.registry.entries else 0
        energy = most + 1 if energy_permille > 1_000 else most * energy_permille // 1_000
        return Report(
            period=period,
            revision=newest.report.revision + 1 if newest else 0,
            signer_set_version=declarations.signer_set().version,
            log_generation=declarations.generation,
            log_size=declarations.sizes[-1][-1] if declarations.sizes[-1] else 0,
            registry_index=index,
            settlement_root=ROOT,
            export_wh=min(energy - energy // 7, MOST_64_BITS),
            import_wh=min(energy // 7, MOST_64_BITS),
            gross=distributable + distributable // 9,
            distributable=distributable,
            tariff_hash=b"\4" * 32,
            statement_hash=b"\5" * 32,
            previous_hash=newest.report.hash() if newest else bytes(32),
        )

    def declare_report(self, report: Report, flaw: str | None = None) -> bool:
        """Declares a report, signed by a quorum or with a flaw."""
        declarations = self.model.declarations
        signatures = self.quorum(declarations.domain, report.hash(), flaw)
        return self.differential.both(
            "declarations",
            "declare",
            STRANGER,
            report.words,
            signatures,
            model=lambda: declarations.declare(STRANGER, report, signatures),
        )

    @rule(
        back=mostly(0, 1, 2, -1),
        distributable=st.one_of(st.integers(0, 10**12), one_of(0, 1, 99, 101, 2**96 - 1)),
        energy_permille=mostly(400, 0, 1_000, 1_001),
        catch_up_hours=mostly(0, 1, 48),
        flaw=flaws,
    )
    def declare(
        self, back: int, distributable: int, energy_permille: int, catch_up_hours: int, flaw: str | None
    ) -> None:
        """The next period, one before it again, or one too far ahead."""
        report = self.due_report(max(0, self.next_period() - back), distributable, energy_permille)
        self.declare_report(replace(report, catch_up_hours=catch_up_hours), flaw)

    @rule(back=mostly(0, 1), wrong=st.sampled_from(WRONG_FIELDS), distributable=st.integers(0, 10**12))
    def declare_something_wrong(self, back: int, wrong: tuple[str, int | bytes], distributable: int) -> None:
        report = self.due_report(max(0, self.next_period() - back), distributable)
        field, what = wrong
        before = getattr(report, field)
        value = what if isinstance(what, bytes) else max(0, before + what)
        if field == "distributable":
            report = replace(report, gross=2**127)
        wrong_report = replace(report, **{field: value})  # type: ignore[arg-type] # the value fits its field
        self.declare_report(wrong_report)

    @when(some_are_pending)
    @rule(
        caller=mostly(SIGNERS[0], SIGNERS[-1], STRANGER, SPARE_SIGNERS[0]),
        back=mostly(1, 0, 2),
        right_hash=mostly(True, False),
    )
    def dispute(self, caller: Address, back: int, right_hash: bool) -> None:
        period, report_hash = self._disputed(back, right_hash)
        self.differential.both("declarations", "dispute", caller, period, report_hash, REASON)

    @when(some_are_pending)
    @rule(caller=by(Role.GUARDIAN), back=mostly(1, 0, 2), right_hash=mostly(True, False))
    def guardian_dispute(self, caller: Address, back: int, right_hash: bool) -> None:
        period, report_hash = self._disputed(back, right_hash)
        self.differential.both("declarations", "guardianDispute", caller, period, report_hash, REASON)

    def _disputed(self, back: int, right_hash: bool) -> tuple[int, bytes]:
        period = max(0, self.next_period() - back)
        newest = self.model.declarations.newest(period)
        return period, newest.report.hash() if newest and right_hash else REASON
