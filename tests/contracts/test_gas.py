"""The committed gas figures are what the contracts use, and what the documentation says."""

from dataclasses import replace

import pytest

from bench.gas import snapshot, table
from bench.gas.figure import Figure
from bench.gas.works import measure
from tests.plant.anvil_node import needs_anvil

SOME = Figure("jump", 1_200, 1_000, {"a frog": 800})


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_figure_is_that_of_the_snapshot() -> None:
    needs_anvil()
    figures = measure()
    changed = list(snapshot.changes(snapshot.read(), figures))
    assert not changed, "\n".join([*changed, f"If that is meant: {snapshot.RENEW}"])
    assert figures == snapshot.read(), f"targets or order have changed: {snapshot.RENEW}"


def test_the_page_has_the_table_of_the_snapshot() -> None:
    page = table.PAGE.read_text("utf-8")
    assert page == table.in_page(page, snapshot.read()), f"docs/contracts.md is not up to date: {snapshot.RENEW}"


def test_a_change_names_the_work_and_both_figures() -> None:
    dearer = replace(SOME, gas=1_201, peers={"a frog": 800, "a flea": 3})
    assert list(snapshot.changes([SOME], [dearer])) == [
        "jump: 1,200 in the snapshot, 1,201 now",
        "jump / a flea: not there in the snapshot, 3 now",
    ]
    assert list(snapshot.changes([SOME], [])) == [
        "jump: 1,200 in the snapshot, not there now",
        "jump / a frog: 800 in the snapshot, not there now",
    ]
    assert not list(snapshot.changes([SOME], snapshot.from_json(snapshot.as_json([SOME]))))


def test_the_table_says_how_far_it_is() -> None:
    assert table.markdown([SOME]).splitlines()[2] == "| jump | 1,200 | 1,000, missed | a frog: 800 |"
    _, ours, peer = table.lines([SOME])
    assert ours.split() == ["jump", "1,200", "1,000", "missed"]
    assert peer.split() == ["a", "frog", "800", "1.50", "x"]
