"""What a person sees: bars while it runs, then tables. The only module that draws; everything else works without it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from cli.demo.lies import Lie
from cli.demo.options import Replayed
from cli.demo.result import Result
from cli.demo.stage import Stage
from cli.demo.watch import Watch

_REFRESH_HZ = 5


@contextmanager
def bars(console: Console, stage: Stage, watch: Watch) -> Iterator[Progress]:
    """Progress bars that follow the services' own counters until the block ends."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=40),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        refresh_per_second=_REFRESH_HZ,
        transient=True,
    ) as progress:
        tasks = {
            name: progress.add_task(label, total=total)
            for name, label, total in (
                ("slots", "poll slots read and signed", watch.slots_total),
                ("entries", "entries verified and logged", watch.entries_total),
                ("declared", "days declared on chain", stage.days.count),
            )
        }

        def show(counts: Mapping[str, int]) -> None:
            for name, count in counts.items():
                progress.update(tasks[name], completed=count)

        with watch.following(show):
            yield progress


def tables(console: Console, result: Result, symbol: str, decimals: int) -> None:
    """The points and the money."""
    points = Table(title=f"Energy of {_days(result.days)}", title_justify="left")
    for column in ("point", "role"):
        points.add_column(column)
    for column in ("settled", "expected from the CSV", "measured"):
        points.add_column(column, justify="right")
    for point in result.points:
        settled = point.measured_wh + point.estimated_wh
        share = f"{point.measured_wh * 1000 // settled / 10:.1f} %" if settled else "-"
        points.add_row(point.id, point.role, _kwh(point.energy_wh), _kwh(point.energy_wh_expected), share)
    points.add_section()
    points.add_row("paid for", "", _kwh(result.energy_wh), _kwh(result.energy_wh_expected), "")
    console.print(points)

    money = Table(title=f"Money, {symbol}", title_justify="left")
    money.add_column("")
    money.add_column("amount", justify="right")
    for label, amount in (
        ("revenue (gross)", result.gross),
        ("declared for holders", result.declared),
        ("funded by the owner", result.funded),
        ("paid out", result.paid_total),
        ("carried to the next payout", result.carry),
    ):
        money.add_row(label, _amount(amount, decimals))
    money.add_section()
    for investor in result.investors:
        money.add_row(f"{investor.name}  {investor.address}", _amount(investor.paid, decimals))
    console.print(money)

    gas = Table(title="Gas", title_justify="left")
    gas.add_column("for")
    gas.add_column("gas", justify="right")
    for kind, spent in sorted(result.gas.items(), key=lambda item: -item[1]):
        gas.add_row(kind, f"{spent:,}")
    console.print(gas)


def story(console: Console, evidence: str, lies: list[Lie]) -> None:
    """The way of one reading, and the lies."""
    console.print("[bold]One reading, followed to one payout[/bold]")
    console.print(evidence, soft_wrap=True, highlight=False)
    if lies:
        console.print()
        caught = Table(title="Three lies, caught", title_justify="left", show_lines=True)
        for column in ("the lie", "refused by", "why"):
            caught.add_column(column, overflow="fold")
        for lie in lies:
            caught.add_row(lie.lie, lie.refused_by, lie.reason)
        console.print(caught)


def where(console: Console, result: Result, folder: Path, *, kept: bool) -> None:
    """Where the page and the files are."""
    if kept:
        console.print(f"\nThe investor's page: [link={result.page}]{result.page}[/link]   (Ctrl-C stops it)")
    else:
        console.print(
            "\nThe investor's page was served while it ran; --keep leaves it running (make demo DEMO_ARGS=--keep)"
        )
    console.print(f"Everything it wrote is in {folder}: configuration, keys, ledger, outbox.")


def recording(console: Console, replayed: Replayed) -> None:
    """What of a user's recording is replayed, and as what."""
    sun = replayed.sun
    if replayed.recording is None:
        return
    last = sun.first_day + timedelta(days=sun.days - 1)
    console.print(
        f"{sun.name}: {sun.first_day} to {last} at {sun.utc_offset}, nameplate {sun.nameplate_w:,} W"
        f" (a row beyond twice of it is not believed; --nameplate sets another)"
    )
    if replayed.counts is not None:
        touched = {name: count for name, count in asdict(replayed.counts).items() if count and name != "rows"}
        console.print(
            f"{replayed.counts.rows:,} rows: {', '.join(f'{count:,} {name}' for name, count in touched.items())}"
            " (docs/recordings.md says what each means)"
        )
    if replayed.days_without_rows:
        console.print(
            f"{replayed.days_without_rows} of the {_days(sun.days)} have no usable row: nothing is produced then"
        )


def _days(count: int) -> str:
    return {1: "one day", 3: "three days"}.get(count, f"{count} days")


def _kwh(energy_wh: int) -> str:
    whole, rest = divmod(energy_wh, 1000)
    return f"{whole:,}.{rest:03d} kWh"


def _amount(minor: int, decimals: int) -> str:
    whole, rest = divmod(minor, 10**decimals)
    return f"{whole:,}.{rest:0{decimals}d}"
