"""Figures as people read them: on the terminal, and in docs/contracts.md."""

from collections.abc import Sequence
from pathlib import Path

from bench.gas.figure import Figure

PAGE = Path(__file__).resolve().parents[2] / "docs" / "contracts.md"
BEGINS = "<!-- written by bench/bench_gas.py --write -->\n"
ENDS = "<!-- end of what bench/bench_gas.py writes -->\n"


def lines(figures: Sequence[Figure]) -> list[str]:
    """A line an act, and below it a line a peer with how many times its gas the act takes."""
    wide = max(len(name) + 2 for figure in figures for name in (figure.work, *figure.peers))
    said = [f"{'gas of whole transactions':{wide}} {'ours':>10} {'target':>10} {'peer':>10} {'ours is':>8}"]
    for figure in figures:
        target = "" if figure.target is None else f"{figure.target:,}"
        missed = "  missed" if figure.missed else ""
        said.append(f"{figure.work:{wide}} {figure.gas:10,} {target:>10}{missed}")
        said += [
            f"  {name:{wide - 2}} {'':10} {'':10} {gas:10,} {_times(figure.gas, gas):>8}"
            for name, gas in figure.peers.items()
        ]
    return said


def markdown(figures: Sequence[Figure]) -> str:
    """The table of docs/contracts.md."""
    rows = ["| act | gas | target | beside it |", "| --- | --- | --- | --- |"]
    for figure in figures:
        target = "" if figure.target is None else f"{figure.target:,}" + (", missed" if figure.missed else "")
        beside = "; ".join(f"{name}: {gas:,}" for name, gas in figure.peers.items())
        rows.append(f"| {figure.work} | {figure.gas:,} | {target} | {beside} |")
    return "\n".join(rows) + "\n"


def in_page(page: str, figures: Sequence[Figure]) -> str:
    """The page with this table in the place of the one that it has between its two comments."""
    before, begins, rest = page.partition(BEGINS)
    _, ends, after = rest.partition(ENDS)
    assert begins, f"{PAGE.name} has no {BEGINS}"
    assert ends, f"{PAGE.name} has no {ENDS}"
    return f"{before}{begins}{markdown(figures)}{ends}{after}"


def _times(ours: int, peer: int) -> str:
    hundredths = (100 * ours + peer // 2) // peer
    return f"{hundredths // 100}.{hundredths % 100:02} x"
