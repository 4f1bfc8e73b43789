"""The errors of `gateway`.

GatewayError
|-- OutboxBroken      the outbox's database is damaged or is not an outbox; stop, a person must look
|-- OutboxSpoiled     a part of a transaction failed, and its caller went on: nothing of it is stored, stop
`-- LineUnusable      a line's port that cannot be opened; the poll loop counts it and tries again at the next slot

No answer, a damaged or foreign answer and a refusal are not errors: each is an `Outcome`, and it is signed.
"""

from pathlib import Path


class GatewayError(Exception):
    """Something that keeps the gateway from doing its work."""


class OutboxBroken(GatewayError):
    """The outbox cannot be used; `problem` is the database's own message."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(
            f"outbox {path}: {problem}; move it away and start again: the gateway then opens a new epoch for each meter"
        )


class OutboxSpoiled(GatewayError):
    """A nested transaction failed and the outer one went on; all of it is taken back. The first failure is the `__cause__`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"outbox {path}: nothing of this transaction is stored: a part of it failed and was passed over"
        )


class LineUnusable(GatewayError):
    """A line's port, serial or TCP, that cannot be opened or has gone away."""

    def __init__(self, line: str, port: str, problem: str) -> None:
        self.line = line
        self.port = port
        self.problem = problem
        super().__init__(f"line {line}: port {port} cannot be used: {problem}")
