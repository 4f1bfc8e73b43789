"""The hours of energy from before a period that a report names, against a count hour by hour over the same registers."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence import tags
from oracle.core.energy.boundary import Basis
from oracle.declare.catch_up import catch_up_hours
from oracle.ledger.reader import LedgerReader
from oracle.ledger.rows import BindingRow, BoundaryRow
from oracle.ledger.sqlite import database
from oracle.ledger.writer import LedgerWriter
from tests.plant.asset_site import DAY_S, terms_from

FIRST_DAY = 20_000
DAYS_PER_PERIOD = 2
TERMS = terms_from(FIRST_DAY, days=DAYS_PER_PERIOD)
START = FIRST_DAY * DAY_S - TERMS.utc_offset_s  # of period 0
HOUR_S = 3_600


@dataclass
class Registers:
    """A real ledger whose boundaries are frozen by hand."""

    path: Path
    writer: LedgerWriter = field(init=False)
    reader: LedgerReader = field(init=False)

    def __post_init__(self) -> None:
        database.create(self.path, asset=TERMS.asset, chain_id=31337)
        self.writer, self.reader = LedgerWriter(self.path), LedgerReader(self.path)

    def close(self) -> None:
        self.reader.close()
        self.writer.close()

    def hold(self, meters: dict[bytes, dict[int, Basis]]) -> None:
        """These meters, with these boundaries and no others."""
        with self.writer.transaction():
            self.writer._inside().execute("DELETE FROM boundaries")
            self.writer._inside().execute("DELETE FROM bindings")
            for number, (meter_id, edges) in enumerate(meters.items()):
                self.writer.bindings.add(
                    BindingRow(
                        hash=hashlib.sha256(meter_id).digest(),
                        meter_id=meter_id,
                        serial=f"M{number}",
                        point="roof",
                        valid_from=0,
                        record=bytes([tags.ENTRY_BINDING]),
                        log_index=number,
                    )
                )
                for instant, basis in edges.items():
                    self.writer.settlement.freeze_boundary(
                        BoundaryRow(
                            meter_id=meter_id,
                            instant=instant,
                            export_wh=1,
                            import_wh=0,
                            basis=basis,
                            header_hash=None,
                            position=None,
                            frozen_at=instant,
                        )
                    )


@pytest.fixture(scope="module")
def registers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registers]:
    opened = Registers(tmp_path_factory.mktemp("catch-up") / "ledger.db")
    yield opened
    opened.close()


def meter(number: int) -> bytes:
    return hashlib.sha256(b"meter %d" % number).digest()[:20]


def hours(registers: Registers, period: int) -> int:
    return catch_up_hours(registers.reader, TERMS, period)


def test_nothing_is_caught_up_where_every_meter_was_read_at_the_start(registers: Registers) -> None:
    registers.hold({})
    assert hours(registers, 1) == 0
    start = START + DAYS_PER_PERIOD * DAY_S
    registers.hold({meter(0): {START: Basis.MEASURED, start: Basis.MEASURED}, meter(1): {start: Basis.MEASURED}})
    assert hours(registers, 1) == 0
    # A meter without a boundary there was not in force yet: it brings nothing from before.
    registers.hold({meter(0): {START: Basis.MEASURED}, meter(1): {start + DAY_S: Basis.ESTIMATED}})
    assert hours(registers, 1) == 0


def test_the_meter_that_was_silent_the_longest_decides(registers: Registers) -> None:
    start = START + DAYS_PER_PERIOD * DAY_S
    registers.hold(
        {
            meter(0): {START: Basis.MEASURED, start - 5 * HOUR_S: Basis.MEASURED, start: Basis.ESTIMATED},
            meter(1): {start - 7 * HOUR_S + 1: Basis.MEASURED, start - HOUR_S: Basis.ESTIMATED, start: Basis.ESTIMATED},
            meter(2): {START: Basis.MEASURED, start: Basis.MEASURED},
        }
    )
    assert hours(registers, 1) == 7  # a second less than seven hours counts as seven


def test_a_meter_that_was_never_read_reaches_back_to_the_first_day_and_no_further(registers: Registers) -> None:
    start = START + DAYS_PER_PERIOD * DAY_S
    registers.hold({meter(0): {start: Basis.ESTIMATED}})
    assert hours(registers, 1) == 48
    registers.hold({meter(0): {START - 90 * DAY_S: Basis.MEASURED, start: Basis.ESTIMATED}})
    assert hours(registers, 1) == 48
    # Of the first period nothing can be caught up: the contract takes no hours before the first day.
    registers.hold({meter(0): {START - DAY_S: Basis.MEASURED, START: Basis.ESTIMATED}})
    assert hours(registers, 0) == 0


def by_the_hour(edges: dict[int, Basis], start: int) -> int:
    """Full hours walked back from the start until a measured register, or the first day, is reached."""
    if edges.get(start) is not Basis.ESTIMATED:
        return 0
    measured = {instant for instant, basis in edges.items() if basis is Basis.MEASURED and instant < start}
    count, at = 0, start
    while at > START and not any(instant >= at for instant in measured):
        count, at = count + 1, at - HOUR_S
    return count


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    meters=st.lists(
        st.dictionaries(
            st.integers(-8, 24).map(lambda quarter_days: START + quarter_days * 6 * HOUR_S)
            | st.integers(START - DAY_S, START + 6 * DAY_S),
            st.sampled_from(Basis),
            max_size=8,
        ),
        max_size=4,
    ),
    period=st.integers(0, 2),
)
def test_the_hours_are_those_counted_one_by_one(
    registers: Registers, meters: list[dict[int, Basis]], period: int
) -> None:
    registers.hold({meter(number): edges for number, edges in enumerate(meters)})
    start = START + period * DAYS_PER_PERIOD * DAY_S
    found = hours(registers, period)
    assert found == max((by_the_hour(edges, start) for edges in meters), default=0)
    assert found <= 24 * period * DAYS_PER_PERIOD  # MeteredEnergy refuses more: CatchUpTooLong
