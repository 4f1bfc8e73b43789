"""`helioracle demo`: put up the stage, play the story, tell the lies, show what came out."""

import argparse
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console

from cli import site
from cli.demo import evidence_of_payout, options, show
from cli.demo.lies import Lie, run_lies
from cli.demo.options import Replayed
from cli.demo.result import Result, collect
from cli.demo.stage import Stage
from cli.demo.story import PUSHED, play
from cli.demo.watch import Watch
from cli.errors import CommandFailed, UsageError
from oracle.chain.client import Chain
from oracle.chain.embedded import embedded_chain
from oracle.errors import ChainError, ChainUnreachable
from runtime.errors import ClockClosed


def run(arguments: argparse.Namespace) -> int:
    """Run the demo."""
    console = Console(quiet=arguments.headless)
    started = time.monotonic()
    with _interruptible(), _logged_from(logging.ERROR if arguments.headless else logging.CRITICAL):
        _refuse_lost_results(arguments.json)
        with console.status("reading the recording"):
            replayed = options.parse(arguments)
        _warn(replayed)
        folder = _folder(arguments.dir)
        chain = _chain(arguments.rpc_url)
        stage = Stage(folder, chain, arguments.seed, replayed)
        try:
            return _play(stage, arguments, console, started)
        except ClockClosed:
            stage.check()
            raise
        except ChainError as error:
            raise CommandFailed(str(error)) from error
        finally:
            with _uninterrupted():
                stage.stop()
                chain.close()


def _play(stage: Stage, arguments: argparse.Namespace, console: Console, started: float) -> int:
    console.print(
        f"{_days(stage.days.count).capitalize()} of sun, from the meter to the holder. Keys are demo keys, made from a public seed."
    )
    show.recording(console, stage.replayed)
    with console.status("putting up broker, chain, contracts and services"):
        stage.set_up()
        stage.start()
    console.print(f"days {stage.days.first} and following; the page is at {stage.api.url}")
    with show.bars(console, stage, Watch(stage)) as progress:
        acts = play(stage, lambda line: progress.console.print(f"  {line}"))
    stage.check()
    with console.status("working it out again from the recording"):
        result = collect(stage, acts)
    result.check()
    evidence = evidence_of_payout.follow(stage, stage.accounts[PUSHED[0]].address, acts.first_funded)
    lies: list[Lie] = [] if arguments.no_lies else run_lies(stage)
    _show(stage, result, evidence, lies, console)
    if arguments.json is not None:
        document = result.document(evidence, lies, int(time.monotonic() - started))
        _write(arguments.json, document)
    show.where(console, result, stage.folder, kept=arguments.keep)
    if arguments.keep:
        signal.pause()
    return 0


def _refuse_lost_results(path: Path | None) -> None:
    # Found out at the end, it would have cost the whole run.
    if path is not None and (path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK)):
        raise UsageError(f"--json {path}: cannot be written; name a file in a folder that is there")


def _write(path: Path, document: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    except OSError as error:
        raise CommandFailed(f"--json {path}: cannot be written: {error.strerror}") from error


def _warn(replayed: Replayed) -> None:
    if replayed.looks_cumulative:
        # Standard error: it concerns whoever runs it headless just as well.
        print(
            "helioracle: --recording: its values nearly always rise, as a counter's do; what is wanted is the power, or the"
            " energy of each interval: the difference of two rows of a counter",
            file=sys.stderr,
        )


def _show(
    stage: Stage, result: Result, evidence: list[evidence_of_payout.Step], lies: list[Lie], console: Console
) -> None:
    show.tables(console, result, site.MONEY_SYMBOL, site.MONEY_DECIMALS)
    show.story(console, evidence_of_payout.as_text(evidence, site.MONEY_DECIMALS, site.MONEY_SYMBOL), lies)
    stage.check()


def _days(count: int) -> str:
    return {1: "one recorded day", 3: "three recorded days"}.get(count, f"{count} recorded days")


def _folder(wanted: Path | None) -> Path:
    if wanted is not None:
        return wanted
    number = 0
    while (folder := Path(f"demo-run/{number:03d}")).exists():
        number += 1
    return folder


def _chain(rpc_url: str | None) -> Chain:
    if rpc_url is None:
        return embedded_chain()
    try:
        chain = Chain.connect(rpc_url)
    except ChainUnreachable:
        raise UsageError("--rpc-url: nobody answers there") from None
    if not chain.has_time_control:
        chain.close()
        raise UsageError(
            "--rpc-url: the time of this chain cannot be set, and the demo replays days; use anvil or no --rpc-url"
        )
    return chain


@contextmanager
def _logged_from(level: int) -> Iterator[None]:
    """The services' log would break the bars; what matters reaches the screen as an error of the command."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(level)
    try:
        yield
    finally:
        root.setLevel(before)


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Nothing may cut the taking-down short: a second Ctrl-C would leave a process behind."""
    before = [signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(number, handler)
        sys.stdout.flush()
