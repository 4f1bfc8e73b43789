"""The errors of `runtime`.

ShellError
|-- ConfigError     a configuration file that cannot be used; the command line prints it and exits with 2
|-- ClockClosed     the world clock was closed while somebody waited: stop, there is nothing left to wait for
`-- WorldRefused    a world served over a socket cannot be used: its address, or what the other side says
"""

from pathlib import Path


class ShellError(Exception):
    """Something at a process's edge that stops it before any work is lost."""


class ConfigError(ShellError):
    """A configuration that cannot be used; names the file, the field and what to do."""

    def __init__(self, path: Path, field: str, problem: str) -> None:
        self.path = path
        self.field = field
        self.problem = problem
        where = f"{path}: {field}" if field else str(path)
        super().__init__(f"{where}: {problem}")


class ClockClosed(ShellError):
    """The world clock was closed while somebody waited on it."""


class WorldRefused(ShellError):
    """The world's socket cannot be used, or what the other side says on it is no line of its protocol."""
