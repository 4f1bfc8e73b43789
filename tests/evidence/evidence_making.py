"""Hypothesis strategies for everything that `evidence` encodes."""

from dataclasses import dataclass

from hypothesis import strategies as st

from evidence import batch, tags
from evidence.header import EpochReason, GapReason, Header, Kind, sign_header
from evidence.keys import MeterId, meter_id_of
from evidence.reading import Reading
from evidence.status import Status
from tests.plant.signer import signer_of


@dataclass(frozen=True)
class Made:
    """A signed batch and what it was made of."""

    header: Header
    encoded: bytes
    signature: bytes
    batch_key: bytes
    body: bytes
    readings: tuple[Reading, ...]


class Strategies:
    """Hypothesis strategies for whatever has a form."""

    meter = signer_of("meter")
    u63 = st.integers(0, tags.U63_MAX)
    registers = st.none() | u63
    clocks = st.sampled_from([Status.CLOCK_UNKNOWN, Status.CLOCK_INFORMATIVE, Status.CLOCK_SYNCHRONISED])
    outcomes = st.sampled_from([Status.NO_ANSWER, Status.DAMAGED, Status.FOREIGN, Status.REFUSED])
    hashes = st.binary(min_size=32, max_size=32)
    identifiers = st.from_regex(tags.IDENTIFIER, fullmatch=True)

    @staticmethod
    @st.composite
    def readings(draw: st.DrawFn, profile: int = 1, clock: Status | None = None, time: int | None = None) -> Reading:
        """Any reading that has a form."""
        s = Strategies
        status = draw(s.clocks) if clock is None else clock
        at = draw(s.u63) if time is None else time
        no_tariffs: tuple[int | None, ...] = (None,) * 8 if profile == 2 else ()
        original = draw(s.hashes.filter(any)) if profile == 3 else b""
        if draw(st.booleans()) and draw(st.booleans()):
            return Reading(at, None, None, None, status | draw(s.outcomes), no_tariffs, original)
        export, imported = draw(s.registers), draw(s.registers)
        power = draw(st.none() | st.integers(-(2**31), 2**31 - 1))
        tariffs = tuple(draw(st.lists(s.registers, min_size=8, max_size=8))) if profile == 2 else ()
        for value, bit in (
            (export, Status.EXPORT_VALID),
            (imported, Status.IMPORT_VALID),
            (power, Status.POWER_VALID),
            (next((t for t in tariffs if t is not None), None), Status.TARIFFS_VALID),
        ):
            if value is not None:
                status |= bit
        if draw(st.booleans()):
            status |= Status.SUSPECT
            status |= draw(st.sampled_from([Status(0), Status.SENTINEL, Status.ZERO, Status.FELL]))
        return Reading(at, export, imported, power, status, tariffs, original)

    @staticmethod
    @st.composite
    def bare_headers(draw: st.DrawFn) -> Header:
        """Any header without readings."""
        s = Strategies
        kind = draw(st.sampled_from([Kind.EPOCH, Kind.GAP, Kind.RETIRE]))
        reasons: dict[Kind, list[int]] = {
            Kind.EPOCH: list(EpochReason),
            Kind.GAP: list(GapReason),
            Kind.RETIRE: [0],
        }
        t0 = draw(s.u63)
        clock = draw(s.clocks)
        export, imported = draw(s.registers), draw(s.registers)
        return Header(
            kind=kind,
            profile=draw(st.integers(1, 3)),
            reason=draw(st.sampled_from(reasons[kind])),
            meter_id=MeterId(draw(st.binary(min_size=20, max_size=20))),
            epoch=draw(st.integers(0, 2**32 - 1)),
            seq0=draw(s.u63),
            count=0,
            t0=t0,
            t1=draw(st.integers(t0, tags.U63_MAX)),
            status_or=clock,
            status_close=clock,
            export_start_wh=export,
            import_start_wh=imported,
            export_end_wh=export,
            import_end_wh=imported,
            boot_id=draw(st.binary(min_size=16, max_size=16)),
            monotonic_ms=draw(s.u63),
            batch_root=bytes(32),
            prev=draw(s.hashes),
        )

    @staticmethod
    @st.composite
    def batches(draw: st.DrawFn, size_max: int = 9) -> Made:
        """A signed batch of the test meter."""
        s = Strategies
        profile, clock = draw(st.integers(1, 3)), draw(s.clocks)
        times = sorted(draw(st.lists(s.u63, min_size=1, max_size=size_max)))
        readings = tuple(draw(s.readings(profile, clock, t)) for t in times)
        start = draw(s.registers), draw(s.registers)
        facts = batch.summary(start, readings)
        batch_key = draw(s.hashes)
        records = [r.encode() for r in readings]
        header = Header(
            kind=Kind.READINGS,
            profile=profile,
            reason=0,
            meter_id=meter_id_of(s.meter.public_point),
            epoch=draw(st.integers(0, 2**32 - 1)),
            seq0=draw(st.integers(0, tags.U63_MAX - 1024)),
            export_start_wh=start[0],
            import_start_wh=start[1],
            boot_id=draw(st.binary(min_size=16, max_size=16)),
            monotonic_ms=draw(s.u63),
            batch_root=batch.batch_root(batch_key, records),
            prev=draw(s.hashes),
            **facts,  # type: ignore[arg-type]  # summary gives the fields by name, of several types
        )
        encoded, signature = sign_header(header, s.meter)
        return Made(header, encoded, signature, batch_key, b"".join(records), readings)
