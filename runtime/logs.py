"""Log set-up: one line an event on standard error, with its facts as key=value."""

import logging
import sys
import time


class _Facts(logging.Formatter):
    """Writes `2026-07-01T10:00:00Z WARNING gateway.poll no answer meter=... seq=...`; facts come in `extra={"facts": {...}}`."""

    default_time_format = "%Y-%m-%dT%H:%M:%SZ"
    default_msec_format = ""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        facts = getattr(record, "facts", None)
        if isinstance(facts, dict) and facts:
            line += "  " + " ".join(f"{key}={value}" for key, value in facts.items())
        return line


def set_up(*, verbose: bool = False) -> None:
    """Send the process's log to standard error; to be called once, in `main`."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = _Facts("%(asctime)s %(levelname)s %(name)s %(message)s")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    for chatty in ("web3", "urllib3", "asyncio", "eth", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # pymodbus logs every time-out as an error; the gateway counts time-outs, and logs them once.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)


def facts(**values: object) -> dict[str, dict[str, object]]:
    """The `extra` of a log call: `log.info("stored", extra=facts(meter=..., seq=...))`."""
    return {"facts": values}
