"""What the asset earned, as its oracle says it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.contracts.model.anchored_log import AnchoredLog
from tests.contracts.model.clock import Clock
from tests.contracts.model.meters import MeterRegistry
from tests.contracts.model.refusal import Refused
from tests.contracts.model.report import SCHEMA_VERSION, Declared, Report, Status
from tests.contracts.model.roles import Address, Authority, Role
from tests.contracts.model.signer_sets import SignerUnknown
from tests.contracts.model.typed_data import Domain

MOST_96_BITS = 2**96 - 1
MOST_64_BITS = 2**64 - 1


@dataclass(eq=False)
class SchemaVersionWrong(Refused):
    """A layout that nobody knows."""

    got: int
    want: int


@dataclass(eq=False)
class SignerSetWrong(Refused):
    """Another signer set is in force."""

    got: int
    want: int


@dataclass(eq=False)
class DistributableAboveGross(Refused):
    """More would be distributed than was earned."""

    distributable: int
    gross: int


@dataclass(eq=False)
class AmountTooLarge(Refused):
    """An amount has 96 bits."""

    amount: int
    most: int


@dataclass(eq=False)
class PeriodAlreadyDeclared(Refused):
    """A Final report never changes."""

    period: int
    report_hash: bytes


@dataclass(eq=False)
class RevisionWrong(Refused):
    """Another revision is due."""

    got: int
    want: int


@dataclass(eq=False)
class PreviousHashWrong(Refused):
    """The report does not continue the one it replaces."""

    got: bytes
    want: bytes


@dataclass(eq=False)
class PeriodNotOver(Refused):
    """A period can't be declared before it ends."""

    period: int
    ends_at: int
    now: int


@dataclass(eq=False)
class LogGenerationWrong(Refused):
    """The report cites another log."""

    got: int
    want: int


@dataclass(eq=False)
class LogSizeNotAnchored(Refused):
    """The inputs are not frozen."""

    size: int


@dataclass(eq=False)
class RegistryIndexWrong(Refused):
    """Other meters were in force when the period began."""

    got: int
    want: int


@dataclass(eq=False)
class CatchUpTooLong(Refused):
    """There were not that many hours before the period."""

    hours: int
    most: int


@dataclass(eq=False)
class PeriodEnergyTooLarge(Refused):
    """More than the meters' nameplate can make in the period."""

    period: int
    energy_wh: int
    most_wh: int


@dataclass(eq=False)
class TotalEnergyTooLarge(Refused):
    """More than the meters' nameplate can have made since the first day."""

    total_wh: int
    most_wh: int


@dataclass(eq=False)
class NotPending(Refused):
    """Only a Pending report can be disputed."""

    period: int
    status: Status


@dataclass(eq=False)
class ReportHashWrong(Refused):
    """Another report is meant."""

    got: bytes
    want: bytes


@dataclass(eq=False)
class AlreadyDisputed(Refused):
    """A period is disputed once."""

    period: int


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is fixed when the contract is created; see IRevenueDeclarations."""

    asset_id: bytes
    first_day: int
    days_per_period: int
    utc_offset: int
    challenge_window_s: int
    resolve_window_s: int
    margin_permille: int
    profile_minutes: int

    def days_of(self, period: int) -> tuple[int, int]:
        """The settlement days of a period, as [from, to)."""
        from_day = self.first_day + period * self.days_per_period
        return from_day, from_day + self.days_per_period


class RevenueDeclarations(AnchoredLog):
    """Every report that was ever accepted, by period, the newest last."""

    abdicable = frozenset({"pause(uint32)"})

    def __init__(
        self,
        *,
        authority: Authority,
        clock: Clock,
        domain: Domain,
        terms: Terms,
        registry: MeterRegistry,
        signers: Sequence[Address],
        threshold: int,
    ) -> None:
        super().__init__(
            authority=authority,
            clock=clock,
            domain=domain,
            signers=signers,
            threshold=threshold,
            challenge_window_s=terms.challenge_window_s,
        )
        self.generations, self.sizes, self.restart = [()], [[]], None
        self.terms = terms
        self.registry = registry
        self.history: dict[int, list[Declared]] = {}

    # ---------------------------------------------------------------- what may happen

    def declare(self, _caller: Address, report: Report, signatures: Sequence[bytes]) -> None:
        """States what a period earned."""
        self._require_running()
        self._require_well_formed(report)
        self._require_next(report)
        self._require_over(report.period)
        self._require_anchored(report)
        self._require_metered(report)
        self._require_signed(report.hash(), signatures)
        signers = tuple(self.domain.signer_of(report.hash(), signature) for signature in signatures)
        deadline = self.clock.now + self.terms.challenge_window_s
        declared = Declared(report, signers, report.signer_set_version, deadline)
        self.history.setdefault(report.period, []).append(declared)

    def dispute(self, caller: Address, period: int, report_hash: bytes, _reason: bytes) -> None:
        """A signer of the set in force contradicts a Pending report."""
        if caller not in self.signer_set().signers:
            raise SignerUnknown(caller)
        self._dispute(period, report_hash)

    def guardian_dispute(self, caller: Address, period: int, report_hash: bytes, _reason: bytes) -> None:
        """The guardian does."""
        self._restrict(caller, Role.GUARDIAN, "guardianDispute(uint32,bytes32,bytes32)")
        self._dispute(period, report_hash)

    # ---------------------------------------------------------------- what can be asked

    def newest(self, period: int) -> Declared | None:
        """The newest report of a period, whatever its state."""
        return self.history[period][-1] if period in self.history else None

    def status(self, period: int) -> Status:
        """The state of a period now."""
        newest = self.newest(period)
        return newest.status(self.clock.now) if newest else Status.NONE

    def distributable_of(self, period: int) -> int:
        """What the Final report lets be distributed; 0 as long as there is none."""
        newest = self.newest(period)
        return newest.report.distributable if newest and self.status(period) is Status.FINAL else 0

    def declarations_end(self) -> int:
        """One more than the highest period that was ever declared."""
        return max(self.history, default=-1) + 1

    def energy_total_wh(self) -> int:
        """Energy of all reports that stand: the newest of each period, unless it is disputed."""
        newest = [reports[-1] for reports in self.history.values()]
        return sum(declared.report.energy_wh for declared in newest if not declared.disputed)

    # ---------------------------------------------------------------- the rules

    def _require_well_formed(self, report: Report) -> None:
        if report.schema_version != SCHEMA_VERSION:
            raise SchemaVersionWrong(report.schema_version, SCHEMA_VERSION)
        version = self.signer_set().version
        if report.signer_set_version != version:
            raise SignerSetWrong(report.signer_set_version, version)
        if report.distributable > report.gross:
            raise DistributableAboveGross(report.distributable, report.gross)
        if report.distributable > MOST_96_BITS:
            raise AmountTooLarge(report.distributable, MOST_96_BITS)

    def _require_next(self, report: Report) -> None:
        newest = self.newest(report.period)
        if newest is not None and newest.status(self.clock.now) is Status.FINAL:
            raise PeriodAlreadyDeclared(report.period, newest.report.hash())
        revision = newest.report.revision + 1 if newest else 0
        if report.revision != revision:
            raise RevisionWrong(report.revision, revision)
        previous = newest.report.hash() if newest else bytes(32)
        if report.previous_hash != previous:
            raise PreviousHashWrong(report.previous_hash, previous)

    def _require_over(self, period: int) -> None:
        ends_at = self.clock.start_of(self.terms.days_of(period)[1])
        if self.clock.now < ends_at:
            raise PeriodNotOver(period, ends_at, self.clock.now)

    def _require_anchored(self, report: Report) -> None:
        if report.log_generation != self.generation:
            raise LogGenerationWrong(report.log_generation, self.generation)
        if report.log_size not in self.sizes[-1]:
            raise LogSizeNotAnchored(report.log_size)

    def _require_metered(self, report: Report) -> None:
        from_day, to_day = self.terms.days_of(report.period)
        index = self.registry.index_at(from_day)
        if report.registry_index != index:
            raise RegistryIndexWrong(report.registry_index, index)
        most_hours = 24 * (from_day - self.terms.first_day)
        if report.catch_up_hours > most_hours:
            raise CatchUpTooLong(report.catch_up_hours, most_hours)
        most = self.most_in_period(from_day, to_day, index, report.catch_up_hours)
        if report.energy_wh > most:
            raise PeriodEnergyTooLarge(report.period, report.energy_wh, most)
        total = self._total_with(report)
        most = self._most_since_first_day(max(report.period + 1, self.declarations_end()))
        if total > most:
            raise TotalEnergyTooLarge(total, most)

    def most_in_period(self, from_day: int, to_day: int, index: int, catch_up_hours: int) -> int:
        """Full load for so many minutes a day, with the margin; and the hours to catch up with, without it."""
        terms = self.terms
        profile = self.registry.watt_days(from_day, to_day) * terms.profile_minutes * terms.margin_permille
        return profile // 60_000 + self.registry.entries[index].nameplate_w * catch_up_hours

    def _most_since_first_day(self, end_period: int) -> int:
        """Full load around the clock, with the margin, up to the end of the last period that is declared."""
        from_day, to_day = self.terms.first_day, self.terms.days_of(end_period - 1)[1]
        most = self.registry.watt_days(from_day, to_day) * 24 * self.terms.margin_permille // 1_000
        return min(most, MOST_64_BITS)

    def _total_with(self, report: Report) -> int:
        newest = self.newest(report.period)
        replaced = newest.report.energy_wh if newest and not newest.disputed else 0
        return self.energy_total_wh() - replaced + report.energy_wh

    def _dispute(self, period: int, report_hash: bytes) -> None:
        newest = self.newest(period)
        status = self.status(period)
        if newest is None or status is not Status.PENDING:
            raise NotPending(period, status)
        if newest.report.hash() != report_hash:
            raise ReportHashWrong(report_hash, newest.report.hash())
        if any(declared.disputed for declared in self.history[period]):
            raise AlreadyDisputed(period)
        resolve_by = self.clock.now + self.terms.resolve_window_s
        self.history[period][-1] = replace(newest, deadline=resolve_by, disputed=True)
