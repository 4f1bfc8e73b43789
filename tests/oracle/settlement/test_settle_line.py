"""Signed batches in a real ledger, settled by the real pass."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence import canonical, sum_tree, tags
from evidence.sum_tree import SumLeaf
from oracle.core.money import settlement
from oracle.core.money.figures import FrozenInputs
from oracle.settle.tzdata import tzdata_version

DAYS = 3
PERIODS = DAYS
# Where each batch is a commit of its own there are hundreds of them, and on a slow disk one takes a third of a second.
hundreds_of_commits = pytest.mark.timeout(1200)


def sun(day: int, slot: int) -> int:
    """Power in W of a made-up sun: dark for the first and the last quarter of a day."""
    return max(0, (slot - 72) * (216 - slot)) * (day + 2) * 3


def registers(start: int, step: int, weight: int) -> list[int]:
    """The register at every slot of three days, closing boundary included."""
    energy_ws, shown = 0, []
    for slot in range(DAYS * 288 + 1):
        shown.append(step * ((start + energy_ws * weight // 3600) // step))
        energy_ws += sun(slot // 288, slot % 288) * 300
    return shown


def plant(lab: Any) -> tuple[Any, list[Any], dict[str, list[int]]]:
    """Two generation meters, flat and timed, and a check meter over both."""
    shown = {
        "inv-1": registers(1_000_003, 1, 1),
        "inv-2": registers(77_000, 10, 2),
        "grid": registers(500_000, 10, 3),
    }
    meters = [
        lab.meter("inv-1", "roof-1"),
        lab.meter("inv-2", "roof-2", step_wh=10, nameplate_w=200_000),
        lab.meter("grid", "grid-1", step_wh=10, nameplate_w=300_000),
    ]
    for meter in meters:
        meter.readings([lab.reading(lab.T0 + 300 * slot, wh) for slot, wh in enumerate(shown[meter.serial])])
    terms = lab.terms(
        lab.generation("roof-1", "inv-1"),
        lab.generation("roof-2", "inv-2", "timed"),
        lab.check("grid-1", "grid"),
        fees=lab.FEES,
    )
    return terms, meters, shown


@hundreds_of_commits
def test_three_days_settle_to_the_watt_hour_of_the_register_formula(lab: Any) -> None:
    terms, meters, shown = plant(lab)
    with lab.bench(terms, *meters) as bench:
        settle = bench.settle_pass()
        ready = 0
        # One batch of every meter at a time, as they arrive.
        for row in sorted((row for meter in meters for row in meter.rows), key=lambda row: row[0].t1):
            bench.store([row])
            ready += settle.run()
        assert ready == PERIODS
        point_days = bench.reader.settlement.point_days(lab.FIRST_DAY, lab.FIRST_DAY + DAYS)
        for point, serial in (("roof-1", "inv-1"), ("roof-2", "inv-2"), ("grid-1", "grid")):
            mine = [row for row in point_days if row.point == point]
            assert sum(row.export_wh for row in mine) == shown[serial][-1] - shown[serial][0]
            for day, row in enumerate(mine):
                assert row.export_wh == shown[serial][288 * (day + 1)] - shown[serial][288 * day]
                assert (row.measured_wh, row.estimated_wh, row.import_wh) == (row.export_wh, 0, 0)
                if point != "grid-1":
                    assert sum(row.bands_wh.values()) == row.export_wh
        periods = bench.reader.settlement.periods()
        assert [period.period for period in periods] == list(range(PERIODS))
        for period in periods:
            document = json.loads(period.statement)
            leaves = [
                SumLeaf(point["id"], int(point["export_wh"]), int(point["import_wh"]))
                for point in document["points"]
                if point["in_tree"]
            ]
            root = sum_tree.sum_root(leaves)
            assert sum_tree.root_hash(root) == period.settlement_root
            assert (root.export_wh, root.import_wh) == (period.export_wh, period.import_wh)
            assert 0 < int(period.distributable) <= int(period.gross)
            assert period.missing_meters == 0
            # The decision is the last entry of the log that the period is declared over.
            entry = bench.reader.log.entry(period.log_size - 1)
            assert entry.type == tags.ENTRY_DECISION
            assert entry.content == tags.DECISION + period.statement.encode()
            assert int(document["inputs"]["log_size"]) == period.log_size - 1
            assert period.log_root == bench.sequencer.root_at(period.log_size)
            assert document["inputs"]["tzdata"] == tzdata_version()
            assert document["checks"][0]["within_tolerance"] is True


def test_time_of_use_money_comes_from_interval_registers(lab: Any) -> None:
    terms, meters, shown = plant(lab)
    with lab.bench(terms, *meters) as bench:
        bench.store_all()
        assert bench.settle_pass().run()
        lines = json.loads(bench.reader.settlement.period(0).statement)["lines"]
    # 2024-10-04 in Denver is summer time, UTC-6, one hour ahead of the settlement day's -7: peak 10:00-15:00 is 09:00-14:00 of it.
    wh = shown["inv-2"]
    expected = {
        "peak": (wh[14 * 12] - wh[9 * 12], 300_000),
        "valley": ((wh[6 * 12] - wh[0]) + (wh[288] - wh[23 * 12]), 40_000),
        "rest": ((wh[9 * 12] - wh[6 * 12]) + (wh[23 * 12] - wh[14 * 12]), 100_000),
    }
    found = {line["band"]: line for line in lines if line["point"] == "roof-2"}
    assert set(found) == set(expected)
    for band, (energy, price) in expected.items():
        assert found[band]["energy_wh"] == str(energy)
        assert found[band]["amount_minor"] == str(energy * price // 1000)
        assert found[band]["basis"] == "register-proven"


def test_the_order_of_arrival_and_restarts_change_no_byte(lab: Any) -> None:
    terms, meters, _ = plant(lab)
    outcomes = []
    for order in ("meter by meter", "by time", "by time, restarted after every commit"):
        with lab.bench(terms, *meters) as bench:
            settle = bench.settle_pass()
            if order == "meter by meter":
                for meter in meters:
                    bench.store(meter.rows)
                    settle.run()
            else:
                rows = sorted((row for meter in meters for row in meter.rows), key=lambda row: row[0].t1)
                for at in range(0, len(rows), 24):
                    bench.store(rows[at : at + 24])
                    if "restarted" in order:
                        settle = bench.settle_pass()
                    settle.run()
            outcomes.append(settled_facts(lab, bench))
    assert outcomes[0] == outcomes[1] == outcomes[2]


def settled_facts(lab: Any, bench: Any) -> object:
    """All that was settled, but for where in the log it stands."""
    settlement = bench.reader.settlement
    documents = [json.loads(period.statement) for period in settlement.periods()]
    for document in documents:
        del document["inputs"]["log_size"]
    boundaries = [
        [(b.instant, b.export_wh, b.import_wh, b.basis, b.header_hash, b.position) for b in found]
        for meter in bench.meters
        if (found := settlement.boundaries(meter.binding.meter_id, 0, 2**40))
    ]
    assert len(boundaries) == len(bench.meters)
    return documents, boundaries, settlement.point_days(lab.FIRST_DAY, lab.FIRST_DAY + DAYS)


def test_running_again_changes_nothing(lab: Any) -> None:
    terms, meters, _ = plant(lab)
    with lab.bench(terms, *meters) as bench:
        bench.store_all()
        assert bench.settle_pass().run()
        size, periods = bench.reader.log.size(), bench.reader.settlement.periods()
        settle = bench.settle_pass()
        assert not settle.run()
        assert not settle.run()
        assert bench.reader.log.size() == size
        assert bench.reader.settlement.periods() == periods


def test_a_statement_computed_again_from_the_ledger_has_the_same_bytes(lab: Any) -> None:
    terms, meters, _ = plant(lab)
    with lab.bench(terms, *meters) as bench:
        bench.store_all()
        settle = bench.settle_pass()
        settle.run()
        deficit = 0
        for period in bench.reader.settlement.periods():
            frozen = FrozenInputs(period.log_size - 1, 0, tzdata_version())
            again = settlement.settle(settle._periods.inputs(bench.reader, period.period, deficit, frozen))
            assert again.statement == period.statement.encode()
            assert again.statement_hash == period.statement_hash
            assert canonical.encode(again.document) == again.statement
            deficit = int(period.deficit_after)


@pytest.mark.parametrize("broken", ["freeze_boundary", "put_point_day", "put_day", "add_period"])
def test_a_crash_anywhere_in_a_pass_is_repeated_whole(lab: Any, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terms, meters, _ = plant(lab)
    with lab.bench(terms, *meters) as bench:
        bench.store_all()
        writer = bench.writer.settlement
        write = getattr(writer, broken)

        def write_and_die(row: object) -> None:
            write(row)
            raise InterruptedError(broken)

        with monkeypatch.context() as patch:
            patch.setattr(writer, broken, write_and_die)
            with pytest.raises(InterruptedError):
                bench.settle_pass().run()
        assert bench.reader.settlement.periods() == []
        assert bench.settle_pass().run()
        assert len(bench.reader.settlement.periods()) == PERIODS
        assert bench.sequencer.root() == bench.sequencer.root_at(bench.reader.log.size())


def test_a_day_waits_for_every_meter_and_says_for_whom(lab: Any) -> None:
    terms, meters, _ = plant(lab)
    with lab.bench(terms, *meters) as bench:
        settle = bench.settle_pass()
        for meter in meters[1:]:
            bench.store(meter.rows)
        assert not settle.run()
        assert settle.status()["waits_for"] == ["inv-1"]
        assert bench.reader.settlement.newest_day() is None
        bench.store(meters[0].rows)
        assert settle.run()
        assert settle.status()["waits_for"] == ["grid", "inv-1", "inv-2"]


def test_at_the_deadline_a_day_settles_without_a_missing_meter_and_the_energy_lands_later(lab: Any) -> None:
    terms, meters, shown = plant(lab)
    with lab.bench(terms, *meters) as bench:
        settle = bench.settle_pass(deadline_s=7200)
        noon = lab.T0 + 12 * 3600
        late = [row for row in meters[0].rows if row[0].t1 > noon]
        bench.store([row for row in meters[0].rows if row[0].t1 <= noon])
        for meter in meters[1:]:
            bench.store([row for row in meter.rows if row[0].t1 <= lab.T0 + 86_400])
        assert not settle.run()
        participant = bench.clock.join("test")
        participant.wait_until(lab.T0 + 86_400 + 7200)
        assert settle.run()
        first = bench.reader.settlement.period(0)
        assert first.missing_meters == 1
        assert bench.reader.settlement.day(lab.FIRST_DAY).missing_meters == 1
        bench.store(late)
        for meter in meters[1:]:
            bench.store([row for row in meter.rows if row[0].t1 > lab.T0 + 86_400])
        assert settle.run()
        mine = [row for row in bench.reader.settlement.point_days(0, lab.FIRST_DAY + DAYS) if row.point == "roof-1"]
        assert sum(row.export_wh for row in mine) == shown["inv-1"][-1] - shown["inv-1"][0]
        assert mine[0].export_wh == shown["inv-1"][144] - shown["inv-1"][0]
        labels = [note["label"] for note in json.loads(bench.reader.settlement.day(lab.FIRST_DAY + 1).notes)]
        assert "catch-up" in labels
        assert bench.reader.settlement.period(1).missing_meters == 0


def test_the_pass_that_is_not_ready_is_cheap(lab: Any) -> None:
    terms, meters, _ = plant(lab)
    with lab.bench(terms, *meters) as bench:
        settle = bench.settle_pass()
        bench.store([row for meter in meters for row in meter.rows if row[0].t1 < lab.T0 + 80_000])
        settle.run()
        statements: list[str] = []
        bench.reader._of_this_thread().set_trace_callback(statements.append)
        assert not settle.run()
        bench.reader._of_this_thread().set_trace_callback(None)
        assert len(statements) == 1


@hundreds_of_commits
@settings(max_examples=12)
@given(data=st.data())
def test_any_split_into_batches_and_commits_gives_the_same_energies(lab: Any, data: st.DataObject) -> None:
    wh = registers(40_000, 1, 1)[: 288 + 1]
    silent = data.draw(st.sets(st.integers(0, 288), max_size=40))
    shown = [lab.reading(lab.T0 + 300 * slot, None if slot in silent else value) for slot, value in enumerate(wh)]
    # Readings behind the day, so that a silent midnight is decided too.
    shown += [lab.reading(lab.T0 + 300 * slot, wh[-1]) for slot in range(289, 292)]
    found = []
    for split in (False, True):
        meter = lab.meter("inv-1", "roof-1")
        cuts = sorted(data.draw(st.sets(st.integers(1, len(shown) - 1), max_size=30))) if split else []
        for a, b in pairwise([0, *cuts, len(shown)]):
            meter.seal(shown[a:b])
        with lab.bench(lab.terms(lab.generation("roof-1", "inv-1")), meter) as bench:
            settle = bench.settle_pass()
            for row in meter.rows:
                bench.store([row])
                settle.run()
            (result,) = bench.reader.settlement.point_days(0, 2**20)
            frozen = bench.reader.settlement.boundaries(meter.binding.meter_id, 0, 2**40)
            found.append((result, [(b.instant, b.export_wh, b.basis) for b in frozen]))
    assert found[0] == found[1]


def test_a_day_that_cannot_be_computed_is_held_with_its_reason_and_settles_after_a_start_with_better_terms(
    lab: Any,
) -> None:
    terms, meters, _ = plant(lab)
    broken = replace(terms, tariffs=(lab.FLAT, replace(lab.TIMED, zone="Mars/Olympus")))
    with lab.bench(broken, *meters) as bench:
        bench.store_all()
        settle = bench.settle_pass()
        assert not settle.run()
        assert not settle.run()
        assert "Mars/Olympus" in str(settle.status()["held"])
        assert bench.reader.settlement.day(lab.FIRST_DAY).state == "held"
        bench.terms = terms
        assert bench.settle_pass().run()
        assert bench.reader.settlement.day(lab.FIRST_DAY).state == "settled"
        assert len(bench.reader.settlement.periods()) == PERIODS


def test_terms_that_change_inside_a_period_hold_it_and_say_so(lab: Any) -> None:
    _, meters, _ = plant(lab)
    points = (lab.generation("roof-1", "inv-1"), lab.generation("roof-2", "inv-2", "timed"))
    terms = lab.terms(*points, days_per_period=DAYS)
    with lab.bench(terms, *meters[:2]) as bench:
        bench.store([row for meter in meters[:2] for row in meter.rows if row[0].t1 <= lab.T0 + 86_400])
        assert not bench.settle_pass().run()
        assert bench.reader.settlement.newest_day() is not None
        renamed = tuple(replace(band, name=f"{band.name}-2") for band in lab.TIMED.bands)
        bench.terms = replace(terms, tariffs=(lab.FLAT, replace(lab.TIMED, bands=renamed)))
        bench.store([row for meter in meters[:2] for row in meter.rows if row[0].t1 > lab.T0 + 86_400])
        settle = bench.settle_pass()
        assert not settle.run()
        assert "terms change between payout periods only" in str(settle.status()["held"])
        assert bench.reader.settlement.periods() == []
