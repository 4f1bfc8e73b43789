"""Run as a program: an oracle that dies by SIGKILL between its first commit and the answer."""

import os
import signal
import sys
import threading
from pathlib import Path

from oracle import config
from oracle.intake.inbox import Inbox
from oracle.service import OracleService
from runtime.clock import RealClock


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    Inbox.publish = die  # type: ignore[assignment] # the one line between commit and answer
    service = OracleService(config.load(Path(sys.argv[1])), RealClock(), chain=None, on_failure=die)
    service.start()
    if not service.wait_ready(30):
        sys.exit("the broker does not answer")
    print("ready", flush=True)  # noqa: T201 the test waits for this line
    threading.Event().wait(60)
