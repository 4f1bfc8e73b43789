"""What came out: the numbers of the JSON and of the table, read from ledger and chain after everything has happened.

Shape: docs/demo.md.
"""

from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import firmware_sim.config
from cli import site
from cli.demo.evidence_of_payout import Step, arguments_of, events_of
from cli.demo.expectation import ReplayedPoint, expected_wh
from cli.demo.lies import Lie
from cli.demo.stage import Stage
from cli.demo.story import Acts
from cli.errors import CommandFailed
from evidence.units import div_exact
from oracle.chain.declarations import anchored_head
from oracle.core.states import PeriodState

_X96 = 1 << 96


@dataclass(frozen=True, slots=True)
class PointResult:
    """One metering point over all days, in Wh; `role` is generation or check."""

    id: str
    role: str
    energy_wh: int
    energy_wh_expected: int
    measured_wh: int
    estimated_wh: int


@dataclass(frozen=True, slots=True)
class InvestorResult:
    """One investor: `owed` is the entitlement over all funded days, `paid` what arrived, both in minor units."""

    name: str
    address: str
    owed: int
    paid: int


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that the demo reports; amounts in minor units of the payment token."""

    readings_signed: int
    readings_verified: int
    batches: int
    log_size: int
    log_root: bytes
    chain_log_root: bytes
    points: list[PointResult]
    gross: int
    declared: int
    funded: int
    paid_total: int
    carry: int
    investors: list[InvestorResult]
    recording: dict[str, int]
    first_day: str
    days: int
    poll_interval_s: int
    shift_days: int
    gas: dict[str, int]
    page: str

    @property
    def energy_wh(self) -> int:
        """What the generation points are settled with."""
        return sum(point.energy_wh for point in self.points if point.role != "check")

    @property
    def energy_wh_expected(self) -> int:
        """The energies that follow from the CSV."""
        return sum(point.energy_wh_expected for point in self.points if point.role != "check")

    def check(self) -> None:
        """Hold the result against what must be true.

        Raises:
            CommandFailed: energy differs from the recording's, money does not add up, or the chain has another root.
        """
        for point in self.points:
            if point.energy_wh != point.energy_wh_expected:
                raise CommandFailed(f"{point.id}: {point.energy_wh} Wh settled, {point.energy_wh_expected} Wh expected")
        if self.paid_total + self.carry != self.funded:
            raise CommandFailed(f"paid {self.paid_total} and carried {self.carry} are not funded {self.funded}")
        if self.log_root != self.chain_log_root:
            raise CommandFailed(f"the log's root is {self.log_root.hex()}, the chain's is {self.chain_log_root.hex()}")
        if self.readings_signed != self.readings_verified:
            raise CommandFailed(f"{self.readings_signed} readings were signed, {self.readings_verified} verified")

    def document(self, evidence: list[Step], lies: list[Lie], seconds: int) -> dict[str, Any]:
        """The JSON document."""
        return {
            "readings_signed": self.readings_signed,
            "readings_verified": self.readings_verified,
            "batches": self.batches,
            "log_size": self.log_size,
            "log_root": "0x" + self.log_root.hex(),
            "chain_log_root": "0x" + self.chain_log_root.hex(),
            "energy_wh": self.energy_wh,
            "energy_wh_expected": self.energy_wh_expected,
            "points": [asdict(point) for point in self.points],
            "gross": str(self.gross),
            "declared": str(self.declared),
            "funded": str(self.funded),
            "paid_total": str(self.paid_total),
            "carry": str(self.carry),
            "investors": [
                {"name": i.name, "address": i.address, "owed": str(i.owed), "paid": str(i.paid)} for i in self.investors
            ],
            "evidence": [{step.name: step.facts} for step in evidence],
            "lies": [asdict(lie) for lie in lies],
            "recording": self.recording,
            "first_day": self.first_day,
            "days": self.days,
            "poll_interval_s": self.poll_interval_s,
            "shift_days": self.shift_days,
            "gas": self.gas,
            "versions": {
                name: version(name)
                for name in ("helioracle", "cryptography", "web3", "py-evm", "paho-mqtt", "pymodbus", "iotcore")
            },
            "page": self.page,
            "seconds": seconds,
        }


def collect(stage: Stage, acts: Acts) -> Result:
    """Read the result from ledger and chain."""
    reader, chain = stage.reader, stage.chain
    distributor = stage.on_chain.contracts.distributor
    periods = reader.settlement.periods(limit=stage.days.count + 1)
    counts = [reader.headers.counts(meter.binding.meter_id) for meter in stage.asset.meters]
    _generation, size, root = anchored_head(chain, stage.on_chain.contracts.declarations)
    log_size = reader.log.size()
    if size != log_size:
        raise CommandFailed(f"the log has {log_size} entries, {size} of them are anchored")
    paid = _paid(stage)
    tranches = chain.read(distributor.functions.trancheCount())
    rest_x96 = chain.read(distributor.functions.carryX96())
    investors = []
    for name, account in stage.accounts.items():
        if not name.startswith("investor-"):
            continue
        open_x96 = chain.read(distributor.functions.owedX96(account.address, tranches))
        rest_x96 += open_x96
        got = paid.get(account.address, 0)
        investors.append(InvestorResult(name, account.address, got + (open_x96 >> 96), got))
    gas = {kind: spent for kind, (_count, spent) in reader.chain.gas_by_kind().items()}
    for act, spent in acts.gas.items():
        gas[act] = gas.get(act, 0) + spent
    return Result(
        readings_signed=int(str(stage.gateway.status()["readings_signed"])),
        readings_verified=sum(count.readings for count in counts),
        batches=sum(count.batches for count in counts),
        log_size=log_size,
        log_root=stage.oracle.sequencer.root_at(log_size),
        chain_log_root=root,
        points=_points(stage),
        gross=sum(int(period.gross) for period in periods),
        declared=sum(int(period.distributable) for period in periods if period.state is PeriodState.DECLARED),
        funded=chain.read(distributor.functions.totalFunded()),
        paid_total=chain.read(distributor.functions.totalPaid()),
        # What is not paid is fractions of a minor unit, kept as credit and carry; together they are whole.
        carry=div_exact(rest_x96, _X96),
        investors=investors,
        recording={
            **asdict(stage.sim.recording_counts),
            "days_without_rows": stage.replayed.days_without_rows,
            "nameplate_w": stage.sun.nameplate_w,
            "looks_cumulative": stage.replayed.looks_cumulative,
        },
        first_day=stage.sun.first_day.isoformat(),
        days=stage.days.count,
        poll_interval_s=stage.sun.poll_interval_s,
        shift_days=stage.days.shift_days,
        gas=gas,
        page=stage.api.url,
    )


def _points(stage: Stage) -> list[PointResult]:
    first = stage.asset.terms.first_day
    rows = stage.reader.settlement.point_days(first, first + stage.days.count)
    sun = stage.sun
    shipped = stage.replayed.recording is None
    expected = expected_wh(
        Path(str(firmware_sim.config.builtin_recording(sun.recording))) if shipped else stage.folder / sun.recording,
        [ReplayedPoint(meter.point, meter.weight_ppm, meter.start_wh, meter.step_wh) for meter in site.METERS],
        first_day=sun.first_day.isoformat(),
        days=sun.days,
        utc_offset_s=sun.utc_offset_s,
        nameplate_w=sun.nameplate_w,
        columns=dict(sun.columns),
        scale=sun.scale,
    )
    return [
        PointResult(
            id=point.id,
            role=point.role.value,
            energy_wh=sum(row.export_wh for row in rows if row.point == point.id),
            energy_wh_expected=expected[point.id],
            measured_wh=sum(row.measured_wh for row in rows if row.point == point.id),
            estimated_wh=sum(row.estimated_wh for row in rows if row.point == point.id),
        )
        for point in stage.asset.terms.points
    ]


def _paid(stage: Stage) -> dict[str, int]:
    paid: dict[str, int] = {}
    for event in events_of(stage, "Paid"):
        arguments = arguments_of(event)
        paid[arguments["holder"]] = paid.get(arguments["holder"], 0) + int(arguments["amount"])
    return paid
