"""`helioracle sim|gateway|oracle|api|keeper status`: the last status that the running service wrote.

Exit code 0: it runs. 1: it has stopped, has failed, or has not been heard of for a while. 2: there is no such status.
"""

import argparse
import json
from collections.abc import Iterator
from datetime import UTC, datetime

from cli import status_file
from cli.errors import UsageError
from cli.status_file import STALE_S
from runtime.clock import RealClock


def run(arguments: argparse.Namespace) -> int:
    """Print it.

    Raises:
        UsageError: the service has never run with this configuration, or the file is none of ours.
    """
    path = status_file.path_of(arguments.service, arguments.config)
    try:
        written = status_file.read(path)
    except OSError:
        raise UsageError(
            f"{path}: there is no status; has `helioracle {arguments.service} run --config {arguments.config}` run yet?"
        ) from None
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
    age_s = written.age_s(RealClock().now())
    # A process that was killed leaves 'running' behind; only its age gives it away.
    state = "silent" if written.state == "running" and age_s > STALE_S else written.state
    if arguments.json:
        document = {
            "service": written.service,
            "state": state,
            "age_s": age_s,
            "written": datetime.fromtimestamp(written.written, UTC).isoformat().replace("+00:00", "Z"),
            "pid": written.pid,
            "status": written.status,
        }
        print(json.dumps(document))
    else:
        print(f"{written.service}: {state}, {age_s} s ago, process {written.pid}")
        for line in _lines(written.status, "  "):
            print(line)
    return 0 if state == "running" else 1


def _lines(value: dict[str, object], indent: str) -> Iterator[str]:
    for name, item in value.items():
        if isinstance(item, dict) and item:
            yield f"{indent}{name}"
            yield from _lines(item, indent + "  ")
        elif isinstance(item, list):
            yield f"{indent}{name}: {', '.join(str(one) for one in item) or 'none'}"
        else:
            yield f"{indent}{name}: {'none' if item in (None, '', {}) else item}"
