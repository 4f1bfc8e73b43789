"""What `helioracle demo` replays: its options understood, and held against the recording before anything is started."""

import argparse
import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from cli import site
from cli.errors import UsageError
from firmware_sim.config import DAYS_MAX, SCALE_MAX, SCALE_MIN, builtin_recording
from firmware_sim.core.recorded_days import days_without_rows, first_whole_days
from firmware_sim.core.recorded_rows import NAMEPLATE_W_MAX, RecordedRows
from firmware_sim.core.recording import Counts, Recording
from firmware_sim.core.recording_csv import COLUMNS, HowToRead
from firmware_sim.core.replay import local_midnight
from firmware_sim.errors import RecordingRefused
from firmware_sim.service import RECORDING_BYTES_MAX

_DAYS_BY_DEFAULT = 3
_QUARTER_S = 900
# Fixed zones, which tariff bands need, go from -12 to +14 hours; so do the clocks of the world.
_OFFSET_MIN_S, _OFFSET_MAX_S = -12 * 3600, 14 * 3600
_DAY_S = 86_400
_POLL_S_MIN, _POLL_S_MAX = 10, 3600
_NAME_MAX = 80


@dataclass(frozen=True, slots=True)
class Replayed:
    """The recording to replay, and its days.

    Attributes:
        sun: the site's settings for it.
        recording: the bytes of the user's file; None for the shipped recording.
        days_without_rows: how many of the days have no used row at all: nothing is produced on them.
        counts: what became of the rows of the whole file; None for the shipped recording.
        looks_cumulative: its values nearly always rise, as a counter's do.
    """

    sun: site.Sun
    recording: bytes | None
    days_without_rows: int
    counts: Counts | None = None
    looks_cumulative: bool = False


SHIPPED = Replayed(site.EXAMPLE, None, 0)


def parse(arguments: argparse.Namespace) -> Replayed:
    """Read the options and the recording.

    Raises:
        UsageError: one line that names the option, or file and line, and says what to do.
    """
    if arguments.recording is None:
        for name in ("tz", "columns", "scale", "nameplate"):
            if getattr(arguments, name) is not None:
                raise UsageError(f"--{name}: it describes a recording; name one with --recording FILE")
        sun, data, what = site.EXAMPLE, None, "--recording builtin"
        text = builtin_recording(sun.recording).read_text("utf-8")
    else:
        path: Path = arguments.recording
        what = f"--recording {path}"
        data = _read(path)
        text = _text(data, path)
        sun = site.Sun(
            asset="recorded-site",
            name=f"Site of {path.name}"[:_NAME_MAX],
            recording="recording.csv",
            columns=_columns(arguments.columns),
            scale=_scale(arguments.scale),
            utc_offset_s=_offset_s(arguments.tz),
        )
    sun = replace(sun, poll_interval_s=_poll_interval_s(arguments.poll_interval, sun))
    named = None if arguments.days is None else _days(arguments.days)
    try:
        rows = RecordedRows(text, HowToRead(utc_offset_s=sun.utc_offset_s, columns=dict(sun.columns), scale=sun.scale))
        if data is not None:
            sun = replace(sun, nameplate_w=_nameplate_w(arguments.nameplate, rows))
        recording = rows.recording(sun.nameplate_w)
    except RecordingRefused as refused:
        raise UsageError(f"{what}: {refused}") from None
    first, count = named or _found(what, recording, sun)
    sun = replace(sun, first_day=first, days=count)
    start = local_midnight(first, sun.utc_offset_s)
    if recording.end <= start or recording.first >= start + count * _DAY_S:
        held = f"{_day(recording.first, sun)}..{_day(recording.end - 1, sun)}"
        raise UsageError(
            f"{what}: no row on {first}..{_last(first, count)}; it holds {held}, name days of these: --days"
        )
    return Replayed(
        sun,
        data,
        days_without_rows(recording, start=start, count=count),
        None if data is None else recording.counts,
        data is not None and recording.looks_cumulative,
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(RECORDING_BYTES_MAX + 1)
    except OSError as error:
        raise UsageError(f"--recording {path}: cannot be read: {error.strerror}") from None
    if len(data) > RECORDING_BYTES_MAX:
        raise UsageError(f"--recording {path}: is larger than {RECORDING_BYTES_MAX} bytes; cut it")
    return data


def _text(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"--recording {path}: line {line}: is not UTF-8; save the file as UTF-8") from None


def _columns(text: str | None) -> tuple[tuple[str, str], ...]:
    if text is None:
        return ()
    named: dict[str, str] = {}
    for part in text.split(","):
        ours, equals, theirs = (piece.strip() for piece in part.partition("="))
        if not equals or not theirs or ours not in COLUMNS or ours in named:
            raise UsageError(
                f"--columns: {part!r} is not NAME=COLUMN with a NAME of {', '.join(COLUMNS)}, each once;"
                " write --columns time=ts,power_kw=meas_val_f, or #1 for the first column"
            )
        named[ours] = theirs
    if len(set(named) - {"time"}) > 1:
        raise UsageError(f"--columns: {text!r} names more than one value; name one of {', '.join(COLUMNS[1:])}")
    return tuple(named.items())


def _scale(text: str | None) -> Decimal:
    if text is None:
        return Decimal(1)
    try:
        scale = Decimal(text)
    except InvalidOperation:
        scale = Decimal("NaN")
    if not scale.is_finite() or not SCALE_MIN <= scale <= SCALE_MAX or len(scale.as_tuple().digits) > 18:
        raise UsageError(f"--scale: {text!r} is not a number from {SCALE_MIN} to {SCALE_MAX}; write 5000")
    return scale


def _offset_s(text: str | None) -> int:
    if text is None:
        return 0
    if text in {"Z", "UTC"}:
        return 0
    match = re.fullmatch(r"([+-])(\d{2}):([0-5]\d)", text)
    seconds = 0 if match is None else int(match[1] + "1") * (int(match[2]) * 3600 + int(match[3]) * 60)
    if match is None or not _OFFSET_MIN_S <= seconds <= _OFFSET_MAX_S or seconds % _QUARTER_S:
        raise UsageError(
            f"--tz: {text!r} is not a fixed offset from -12:00 to +14:00 in quarters of an hour; write -07:00"
        )
    return seconds


def _poll_interval_s(wanted: int | None, sun: site.Sun) -> int:
    if wanted is None:
        return sun.poll_interval_s
    if not _POLL_S_MIN <= wanted <= _POLL_S_MAX or _DAY_S % wanted or sun.utc_offset_s % wanted:
        raise UsageError(
            f"--poll-interval: {wanted} s is not between {_POLL_S_MIN} and {_POLL_S_MAX} with every midnight at"
            f" {sun.utc_offset} a multiple of it; write 300"
        )
    return wanted


def _nameplate_w(wanted: int | None, rows: RecordedRows) -> int:
    if wanted is None:
        return rows.nameplate_w()
    if not 1 <= wanted <= NAMEPLATE_W_MAX:
        raise UsageError(
            f"--nameplate: {wanted} W is not between 1 and {NAMEPLATE_W_MAX}; write whole watts, e.g. 6000"
        )
    return wanted


def _days(text: str) -> tuple[date, int]:
    first_text, dots, last_text = text.partition("..")
    try:
        first = date.fromisoformat(first_text)
        last = date.fromisoformat(last_text) if dots else first
    except ValueError:
        raise UsageError(
            f"--days: {text!r} is not a day or FIRST..LAST, both included; write 2016-03-10..2016-03-12"
        ) from None
    if last < first:
        raise UsageError(f"--days: {last} is before {first}; write the earlier day first")
    count = (last - first).days + 1
    if count > DAYS_MAX:
        raise UsageError(f"--days: {count} days, at most {DAYS_MAX}; name fewer")
    return first, count


def _found(what: str, recording: Recording, sun: site.Sun) -> tuple[date, int]:
    found = first_whole_days(recording, utc_offset_s=sun.utc_offset_s, wanted=_DAYS_BY_DEFAULT)
    if found is None:
        held = f"{_day(recording.first, sun)}..{_day(recording.end - 1, sun)}"
        raise UsageError(
            f"{what}: holds no whole day with data; name days of {held}: --days {_day(recording.first, sun)}"
        )
    return found.first, found.count


def _day(instant: int, sun: site.Sun) -> date:
    return date.fromordinal(date(1970, 1, 1).toordinal() + (instant + sun.utc_offset_s) // _DAY_S)


def _last(first: date, count: int) -> date:
    return date.fromordinal(first.toordinal() + count - 1)
