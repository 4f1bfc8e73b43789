"""One sequencer at a time: the process that appends to a ledger's log holds this lock for as long as it lives."""

import fcntl
import os
from pathlib import Path

from oracle.errors import LedgerError


class LedgerLock:
    """An advisory lock on `<ledger>.lock`; the kernel releases it when the process dies, however it dies."""

    def __init__(self, ledger: Path) -> None:
        """Take it.

        Raises:
            LedgerError: another process holds it, or the file cannot be made.
        """
        path = ledger.with_name(ledger.name + ".lock")
        try:
            self._file: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except FileNotFoundError:
            advice = "is its disk mounted? `helioracle oracle create` makes a ledger, once"
            raise LedgerError(f"{ledger}: there is no folder {ledger.parent}: {advice}") from None
        except OSError as error:
            raise LedgerError(f"{path}: cannot be opened: {error.strerror}") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.release()
            raise LedgerError(
                f"{ledger}: another oracle works on this ledger; a log has one sequencer at a time"
            ) from None

    def release(self) -> None:
        """Let go of it; idempotent."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
