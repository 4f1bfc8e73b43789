"""The errors of `firmware_sim`.

SimError
|-- RecordingRefused   a recording that cannot be replayed; names the line
|-- DeviceImpossible   a device whose registers its protocol could not carry
`-- BrokerNotReady     the embedded broker did not come up
"""


class SimError(Exception):
    """A simulated plant that cannot be built."""


class RecordingRefused(SimError):
    """A recording that cannot be replayed; `line` is the file's line, 0 for the whole file; `file` is empty where it is unknown."""

    def __init__(self, line: int, problem: str, *, file: str = "") -> None:
        self.line = line
        self.problem = problem
        self.file = file
        where = [file] if file else []
        super().__init__(": ".join([*where, *([f"line {line}"] if line else []), problem]))


class DeviceImpossible(SimError):
    """A device with a configuration that its own protocol cannot carry."""

    def __init__(self, device: str, field: str, problem: str) -> None:
        self.device = device
        self.field = field
        self.problem = problem
        super().__init__(f"device {device}: {field} {problem}")


class BrokerNotReady(SimError):
    """The embedded broker did not come up on `port`."""

    def __init__(self, port: int, problem: str) -> None:
        self.port = port
        self.problem = problem
        super().__init__(f"the embedded broker on 127.0.0.1:{port} did not start: {problem}")
