"""The errors of `api`, and the one shape in which every 4xx and 5xx leaves: `{"error": {"code", "message"}}`.

ApiError
|-- NotFound         404: the message names what was looked for
|-- BadRequest       400: the message names the parameter and what it should be
|-- NotYet           409: it exists, but not in the state that the question needs
`-- LedgerAway       503: the ledger cannot be read right now
"""

from typing import ClassVar


class ApiError(Exception):
    """A request that is answered with an error; `code` is stable, the message is for people."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"


class NotFound(ApiError):
    """What the path names is not in the ledger."""

    status = 404
    code = "not-found"

    def __init__(self, what: str, name: str) -> None:
        self.what = what
        self.name = name
        super().__init__(f"there is no {what} {name[:100]!r}")


class BadRequest(ApiError):
    """A parameter that cannot be used."""

    status = 400
    code = "bad-request"

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        self.problem = problem
        super().__init__(f"{field}: {problem}")


class NotYet(ApiError):
    """The thing exists, but not yet in the state that the question needs; asking again later can succeed."""

    status = 409
    code = "not-yet"


class LedgerAway(ApiError):
    """The ledger cannot be read right now."""

    status = 503
    code = "ledger-away"


class ApiStartFailed(Exception):
    """The server did not come up: the message names the address and the reason."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        self.host = host
        self.port = port
        self.reason = reason
        super().__init__(f"the API cannot listen on {host}:{port}: {reason}")
