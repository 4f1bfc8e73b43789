"""Days with a fault in them, settled by the real pass: what is lost, estimated, exchanged or late, and what is said of it."""

import json
from itertools import pairwise
from typing import Any

from evidence.header import EpochReason, Kind
from evidence.status import Status

DAYS = 3


def test_a_bodiless_batch_still_telescopes_by_its_header(lab: Any) -> None:
    shown = [5_000 + 40 * slot for slot in range(DAYS * 288 + 1)]
    meter = lab.meter("inv-1", "roof-1")
    meter.readings([lab.reading(lab.T0 + 300 * slot, wh) for slot, wh in enumerate(shown)])
    with lab.bench(lab.terms(lab.generation("roof-1", "inv-1")), meter) as bench:
        # The batch that ends at the first midnight lost its body.
        bench.store(meter.rows, bodiless=frozenset(r[0].seq0 for r in meter.rows if r[0].t1 == lab.T0 + 86_400))
        assert bench.settle_pass().run()
        mine = [row for row in bench.reader.settlement.point_days(0, 2**20) if row.point == "roof-1"]
        assert [row.export_wh for row in mine] == [
            b - a for a, b in pairwise(shown[288 * day] for day in range(DAYS + 1))
        ]
        assert all(row.estimated_wh == 0 for row in mine)
        assert "sealed-batch" in bench.reader.settlement.day(lab.FIRST_DAY).notes


def test_an_outage_over_midnight_is_estimated_and_nothing_is_lost(lab: Any) -> None:
    # The register rises through the outage; 10 slots on either side of the first midnight have no answer.
    meter = lab.meter("inv-1", "roof-1")
    wh = [10_000 + 100 * slot for slot in range(DAYS * 288 + 1)]
    silent = range(278, 299)
    meter.readings(
        [lab.reading(lab.T0 + 300 * slot, None if slot in silent else value) for slot, value in enumerate(wh)]
    )
    with lab.bench(lab.terms(lab.generation("roof-1", "inv-1")), meter) as bench:
        bench.store_all()
        bench.settle_pass().run()
        days = bench.reader.settlement.point_days(0, 2**20)
        assert [(row.export_wh, row.estimated_wh) for row in days] == [(28_800, 1_100), (28_800, 1_100), (28_800, 0)]
        assert {"no-answer", "estimated"} <= {
            note["label"] for note in json.loads(bench.reader.settlement.day(lab.FIRST_DAY).notes)
        }
        lines = [json.loads(p.statement)["lines"][0]["basis"] for p in bench.reader.settlement.periods()]
        assert lines == ["estimated", "estimated", "register-proven"]


def test_an_estimate_inside_a_period_of_one_price_makes_no_line_an_estimate(lab: Any) -> None:
    meter = lab.meter("inv-1", "roof-1")
    silent = range(278, 299)
    meter.readings(
        [
            lab.reading(lab.T0 + 300 * slot, None if slot in silent else 10_000 + 100 * slot)
            for slot in range(DAYS * 288 + 1)
        ]
    )
    terms = lab.terms(lab.generation("roof-1", "inv-1"), days_per_period=DAYS)
    with lab.bench(terms, meter) as bench:
        bench.store_all()
        assert bench.settle_pass().run()
        (period,) = bench.reader.settlement.periods()
        (line,) = json.loads(period.statement)["lines"]
        assert (line["basis"], line["energy_wh"]) == ("register-proven", str(DAYS * 28_800))


def test_an_exchanged_meter_keeps_the_energy_of_both(lab: Any) -> None:
    meter = lab.meter("inv-1", "roof-1")
    old = [lab.reading(lab.T0 + 300 * slot, 900_000 + 50 * slot) for slot in range(101)]
    new = [lab.reading(lab.T0 + 300 * slot, 7 + 50 * (slot - 110)) for slot in range(110, DAYS * 288 + 1)]
    meter.readings(old)
    meter.fact(Kind.EPOCH, lab.T0 + 300 * 109, EpochReason.METER_EXCHANGED, start=(7, None))
    meter.readings(new)
    with lab.bench(lab.terms(lab.generation("roof-1", "inv-1")), meter) as bench:
        bench.store_all()
        bench.settle_pass().run()
        days = bench.reader.settlement.point_days(0, 2**20)
        assert [row.export_wh for row in days] == [100 * 50 + 178 * 50, 288 * 50, 288 * 50]
        assert "meter-exchanged" in bench.reader.settlement.day(lab.FIRST_DAY).notes


def test_a_retired_meter_holds_nobody_up(lab: Any) -> None:
    one, two = lab.meter("inv-1", "roof-1"), lab.meter("inv-2", "roof-2")
    one.readings([lab.reading(lab.T0 + 300 * slot, 1_000 + 50 * slot) for slot in range(401)])
    one.fact(Kind.RETIRE, lab.T0 + 300 * 400)
    two.readings([lab.reading(lab.T0 + 300 * slot, 1_000 + 50 * slot) for slot in range(DAYS * 288 + 1)])
    terms = lab.terms(lab.generation("roof-1", "inv-1"), lab.generation("roof-2", "inv-2"))
    with lab.bench(terms, one, two) as bench:
        bench.store_all()
        assert bench.settle_pass().run()
        mine = [row for row in bench.reader.settlement.point_days(0, 2**20) if row.point == "roof-1"]
        assert [(row.export_wh, row.estimated_wh) for row in mine] == [(288 * 50, 0), (112 * 50, 0), (0, 0)]
        assert bench.reader.settlement.period(2).missing_meters == 0


def test_a_meter_bound_later_and_commissioned_inside_a_day_counts_from_its_first_reading(lab: Any) -> None:
    one = lab.meter("inv-1", "roof-1")
    two = lab.meter("inv-2", "roof-2", valid_from=lab.T0 + 86_400 + 3600)
    one.readings([lab.reading(lab.T0 + 300 * slot, 1_000 + 50 * slot) for slot in range(DAYS * 288 + 1)])
    two.readings([lab.reading(lab.T0 + 300 * slot, 5_000 + 50 * slot) for slot in range(300, DAYS * 288 + 1)])
    terms = lab.terms(lab.generation("roof-1", "inv-1"), lab.generation("roof-2", "inv-2"))
    with lab.bench(terms, one, two) as bench:
        bench.store_all()
        assert bench.settle_pass().run()
        mine = [row for row in bench.reader.settlement.point_days(0, 2**20) if row.point == "roof-2"]
        assert [row.export_wh for row in mine] == [0, (576 - 300) * 50, 288 * 50]
        assert "commissioned" in bench.reader.settlement.day(lab.FIRST_DAY + 1).notes


def test_a_deficit_is_carried_until_there_is_money(lab: Any) -> None:
    meter = lab.meter("inv-1", "roof-1")
    # Nothing on the first day, then 28.8 kWh a day at 0.12: 3.456 a day against 2.00 of fees.
    meter.readings(
        [lab.reading(lab.T0 + 300 * slot, 1_000 + 100 * max(0, slot - 288)) for slot in range(DAYS * 288 + 1)]
    )
    fee = type(lab.FEES[0])("rent", 0, 2_000_000)
    with lab.bench(lab.terms(lab.generation("roof-1", "inv-1"), fees=(fee,)), meter) as bench:
        bench.store_all()
        bench.settle_pass().run()
        found = [(p.gross, p.distributable, p.deficit_after) for p in bench.reader.settlement.periods()]
        assert found == [("0", "0", "2000000"), ("3456000", "0", "544000"), ("3456000", "912000", "0")]


def test_a_check_meter_beyond_its_tolerance_is_a_label_and_never_money(lab: Any) -> None:
    one, grid = lab.meter("inv-1", "roof-1"), lab.meter("grid", "grid-1")
    one.readings([lab.reading(lab.T0 + 300 * slot, 1_000 + 100 * slot) for slot in range(289)])
    grid.readings([lab.reading(lab.T0 + 300 * slot, 1_000 + 90 * slot) for slot in range(289)])
    terms = lab.terms(lab.generation("roof-1", "inv-1"), lab.check("grid-1", "grid"))
    with lab.bench(terms, one, grid) as bench:
        bench.store_all()
        assert bench.settle_pass().run()
        document = json.loads(bench.reader.settlement.period(0).statement)
        (compared,) = document["checks"]
        assert (compared["difference_wh"], compared["within_tolerance"]) == ("-2880", False)
        assert [line["point"] for line in document["lines"]] == ["roof-1"]
        assert "check-mismatch" in bench.reader.settlement.day(lab.FIRST_DAY).notes


def test_unsynchronised_readings_settle_nothing_until_the_clock_is_back(lab: Any) -> None:
    meter = lab.meter("inv-1", "roof-1")
    lost = Status.CLOCK_INFORMATIVE
    meter.readings(
        [
            lab.reading(lab.T0 + 300 * slot, 1_000 + 100 * slot, status=lost if 280 <= slot < 300 else None)
            for slot in range(2 * 288 + 1)
        ]
    )
    with lab.bench(lab.terms(lab.generation("roof-1", "inv-1")), meter) as bench:
        settle = bench.settle_pass()
        bench.store([row for row in meter.rows if row[0].t1 < lab.T0 + 300 * 300])
        assert not settle.run()
        bench.store([row for row in meter.rows if row[0].t1 >= lab.T0 + 300 * 300])
        assert settle.run()
        days = bench.reader.settlement.point_days(0, 2**20)
        assert [row.export_wh for row in days] == [28_800, 28_800]
        assert days[0].estimated_wh == 900
        assert "clock-unsynchronised" in bench.reader.settlement.day(lab.FIRST_DAY).notes


def test_a_meter_that_never_spoke_is_missing_and_counts_from_its_first_reading(lab: Any) -> None:
    one, two = lab.meter("inv-1", "roof-1"), lab.meter("inv-2", "roof-2")
    one.readings([lab.reading(lab.T0 + 300 * slot, 1_000 + 50 * slot) for slot in range(2 * 288 + 1)])
    two.readings([lab.reading(lab.T0 + 300 * slot, 9_000 + 50 * slot) for slot in range(300, 2 * 288 + 1)])
    terms = lab.terms(lab.generation("roof-1", "inv-1"), lab.generation("roof-2", "inv-2"))
    with lab.bench(terms, one, two) as bench:
        bench.store([row for row in one.rows if row[0].t1 <= lab.T0 + 86_400])
        bench.clock.join("test").wait_until(lab.T0 + 86_400 + 600)
        settle = bench.settle_pass(deadline_s=600)
        assert settle.run()
        assert bench.reader.settlement.period(0).missing_meters == 1
        assert bench.reader.settlement.boundary(two.binding.meter_id, lab.T0 + 86_400).export_wh is None
        bench.store([row for row in one.rows if row[0].t1 > lab.T0 + 86_400] + two.rows)
        assert settle.run()
        mine = [row for row in bench.reader.settlement.point_days(0, 2**20) if row.point == "roof-2"]
        assert [row.export_wh for row in mine] == [0, (576 - 300) * 50]
        statement_1 = json.loads(bench.reader.settlement.period(1).statement)
        assert {m["signed_at"] for m in statement_1["meters"]} == {"gateway"}
