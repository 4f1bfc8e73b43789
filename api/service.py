"""The API as a service object: what `helioracle api run` starts and the demo composes."""

import socket
import threading
from collections.abc import Callable

import uvicorn

from api.app import build_app
from api.config import ApiConfig
from api.errors import ApiStartFailed
from api.sources import Sources, open_sources
from runtime.clock import WorldClock
from runtime.worker import Worker

_START_TIMEOUT_S = 20
_STOP_TIMEOUT_S = 3
_BACKLOG = 128


class ApiService:
    """Serves one ledger over HTTP in a thread of its own."""

    def __init__(self, config: ApiConfig, world: WorldClock, on_failure: Callable[[BaseException], None]) -> None:
        self._config = config
        self._world = world
        self._on_failure = on_failure
        self._sources: Sources | None = None
        self._socket: socket.socket | None = None
        self._server: _Server | None = None
        self._worker: Worker | None = None

    @property
    def url(self) -> str:
        """Where the page is: http://host:port; known once started."""
        if self._socket is None:
            raise RuntimeError("the API has not been started")
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def start(self) -> None:
        """Open the ledger, bind the address and serve.

        Raises:
            LedgerError: there is no ledger, or it is of another schema.
            ApiStartFailed: the address is taken or not ours, or the server did not come up.
        """
        sources = open_sources(self._config, self._world)
        try:
            self._socket = _bound(self._config.host, self._config.port)
        except BaseException:
            sources.reader.close()
            raise
        self._sources = sources
        self._server = _Server(
            uvicorn.Config(
                build_app(sources),
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=_STOP_TIMEOUT_S,
                # Above our own bound, which answers in the one shape of errors.
                limit_concurrency=4 * self._config.requests_max,
                backlog=_BACKLOG,
            )
        )
        self._worker = Worker("api", self._serve, self._on_failure)
        self._worker.start()
        if not self._server.up.wait(_START_TIMEOUT_S) or not self._server.started:
            self.stop()
            raise ApiStartFailed(self._config.host, self._config.port, "the server did not come up; the log says why")

    def stop(self) -> None:
        """Answer the requests under way, then stop; a second call does nothing."""
        if self._server is not None:
            self._server.should_exit = True
        if self._worker is not None:
            self._worker.join()
        if self._socket is not None:
            self._socket.close()
        if self._sources is not None:
            self._sources.reader.close()
        self._server = self._worker = self._sources = None

    def status(self) -> dict[str, object]:
        """Where it listens, and how many requests it has answered."""
        server = self._server
        return {
            "url": self.url if self._socket is not None and server is not None else None,
            "serving": self._worker is not None and self._worker.alive,
            "requests": server.server_state.total_requests if server is not None else 0,
        }

    def _serve(self) -> None:
        server, sock = self._server, self._socket
        if server is None or sock is None:
            return
        try:
            server.run(sockets=[sock])
        finally:
            server.up.set()


class _Server(uvicorn.Server):
    """A server that signals when it accepts connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ApiStartFailed(host, port, error.strerror or str(error)) from None
    return listener
