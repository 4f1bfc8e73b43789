"""`helioracle gateway probe`: ask every meter once and print its answer; no key is opened, nothing is signed or kept."""

import argparse
import json

from cli.errors import CommandFailed
from gateway.core.meter_answer import MeterAnswer, Outcome
from gateway.lines.config import LineConfig, MeterPlace, load_lines
from gateway.lines.open_line import open_line

_HINTS = {
    Outcome.NO_ANSWER: "is the address right, are A and B the right way round, do baud rate and parity (over TCP: `framing`) agree?",
    Outcome.DAMAGED: "do baud rate and parity agree, are ground and termination there, is there a second master?",
    Outcome.FOREIGN: "does another device have this address, is there a second master?",
    Outcome.REFUSED: "the device is there and has no such register, or is busy",
}


def run(arguments: argparse.Namespace) -> int:
    """Ask, print, and fail when a meter gave no registers.

    Raises:
        CommandFailed: at least one meter gave none.
    """
    asked = [row for line, places in load_lines(arguments.config) for row in _ask(line, places)]
    if arguments.json:
        print(json.dumps(asked, indent=2))
    else:
        for row in asked:
            print("  ".join(f"{name}={value}" for name, value in row.items() if value is not None))
    silent = sum(row["outcome"] != "answered" for row in asked)
    if silent:
        raise CommandFailed(f"{silent} of {len(asked)} meters gave no registers; nothing was signed")
    if not arguments.json:
        print("Every meter answered. Next: `helioracle gateway bind --help`, then `helioracle gateway run`.")
    return 0


def _ask(line: LineConfig, places: list[MeterPlace]) -> list[dict[str, str | None]]:
    opened = open_line(line)
    try:
        rows = []
        for place in places:
            answer = opened.poll(place.address, tariffs=place.tariffs)
            row: dict[str, str | None] = {"line": line.name, "serial": place.serial, "address": place.address}
            rows.append(row | (_said(answer) if isinstance(answer, MeterAnswer) else _why(answer, opened.problem)))
        return rows
    finally:
        opened.close()


def _said(answer: MeterAnswer) -> dict[str, str | None]:
    return {
        "outcome": "answered",
        "forward_wh": _text(answer.forward_wh),
        "reverse_wh": _text(answer.reverse_wh),
        "raw": _text(answer.raw_forward),
        "power_w": _text(answer.power_w),
        "tariffs_wh": ",".join(str(wh) for wh in answer.tariffs_wh if wh is not None) or None,
    }


def _why(outcome: Outcome, problem: str) -> dict[str, str | None]:
    return {"outcome": outcome.value, "problem": problem or _HINTS[outcome]}


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
