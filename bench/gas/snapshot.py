"""The committed figures, so that a change of any of them shows."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.gas.figure import Figure

SNAPSHOT = Path(__file__).with_name("snapshot.json")
RENEW = ".venv/bin/python bench/bench_gas.py --write"


def as_json(figures: Sequence[Figure]) -> str:
    """The figures in their order."""
    return json.dumps([asdict(figure) for figure in figures], indent=1) + "\n"


def from_json(text: str) -> list[Figure]:
    """What `as_json` wrote."""
    return [Figure(**entry) for entry in json.loads(text)]


def read() -> list[Figure]:
    """The committed figures."""
    return from_json(SNAPSHOT.read_text("utf-8"))


def write(figures: Sequence[Figure]) -> None:
    """Takes these for the committed ones."""
    SNAPSHOT.write_text(as_json(figures), "utf-8")


def changes(old: Sequence[Figure], new: Sequence[Figure]) -> Iterator[str]:
    """A line for each figure that differs, is new or is gone."""
    before, now = _flat(old), _flat(new)
    for name in before | now:
        if before.get(name) != now.get(name):
            yield f"{name}: {_said(before.get(name))} in the snapshot, {_said(now.get(name))} now"


def _flat(figures: Sequence[Figure]) -> dict[str, int]:
    flat = {}
    for figure in figures:
        flat[figure.work] = figure.gas
        flat |= {f"{figure.work} / {name}": gas for name, gas in figure.peers.items()}
    return flat


def _said(gas: int | None) -> str:
    return "not there" if gas is None else f"{gas:,}"
