"""What every answer passes through on its way out: a bound on requests in flight, an ETag, and the headers that hold the page to itself."""

import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The page loads its own files and asks its own API: nothing else, from nowhere else.
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class Envelope:
    """ASGI middleware; every body of ours is bounded, so one answer is held whole to hash it."""

    def __init__(self, app: ASGIApp, *, requests_max: int) -> None:
        self._app = app
        self._requests_max = requests_max
        self._requests = 0  # only ever touched by the event loop's thread

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or 503 when too many are under way."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._requests >= self._requests_max:
            busy = error_answer(503, "busy", f"{self._requests_max} requests are being answered; come back in a second")
            busy.headers["Retry-After"] = "1"
            await busy(scope, receive, send)
            return
        self._requests += 1
        try:
            await self._app(scope, receive, _Tagged(scope, send))
        finally:
            self._requests -= 1


class _Tagged:
    """Holds an answer back until it is whole, then sends it with its ETag, or 304 where the client has it already."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._known = Headers(scope=scope).get("if-none-match", "")
        self._send = send
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body" or self._start is None:
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if message.get("more_body", False):
            return
        start, body = self._start, bytes(self._body)
        headers = MutableHeaders(scope=start)
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        if start["status"] == 200:
            headers.setdefault("ETag", f'"{hashlib.sha256(body).hexdigest()[:32]}"')
            if headers["ETag"] in (tag.strip().removeprefix("W/") for tag in self._known.split(",")):
                start["status"] = 304
                body = b""
                del headers["content-length"]
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def error_answer(status: int, code: str, message: str) -> JSONResponse:
    """The one shape of every refusal."""
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status)
