"""The errors of `runtime`.

ShellError
|-- ConfigError     a configuration file that cannot be used; the command line prints it and exits with 2
|-- ClockClosed     the world clock was closed while a thread waited on it: stop, there is nothing left to wait for
`-- WorldRefused    a world served over a socket cannot be used: its address is wrong, or the other side breaks the protocol
"""

from pathlib import Path


class ShellError(Exception):
    """A fault at a process's edge, its shell, that stops the process before any work is lost."""


class ConfigError(ShellError):
    """A configuration that cannot be used; the message names the file, the field and the remedy."""

    def __init__(self, path: Path, field: str, problem: str) -> None:
        self.path = path
        self.field = field
        self.problem = problem
        where = f"{path}: {field}" if field else str(path)
        super().__init__(f"{where}: {problem}")


class ClockClosed(ShellError):
    """The world clock was closed while a thread waited on it."""


class WorldRefused(ShellError):
    """The world's socket cannot be used, or a line on it breaks the protocol."""
