"""`helioracle sim|gateway|oracle|api|keeper run`: one service from its TOML file, until Ctrl-C or SIGTERM."""

import argparse
import faulthandler
import getpass
import logging
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from api.errors import ApiStartFailed
from cli.errors import CommandFailed, UsageError
from cli.status_file import StatusWriter, path_of
from firmware_sim.errors import SimError
from gateway.errors import GatewayError
from oracle.errors import OracleError
from runtime import logs
from runtime.clock import RealClock, WorldClock
from runtime.signals import stop_on_signals
from runtime.world.client import RemoteClock
from runtime.world.server import WorldServer

log = logging.getLogger("helioracle")

_ROOMS = (ApiStartFailed, GatewayError, OracleError, SimError)
OnFailure = Callable[[BaseException], None]
_WORLD_LOOK_S = 0.2
_PORT_MAX = 65_535


class Service(Protocol):
    """What every service object can do."""

    def start(self) -> object:
        """Start its threads."""

    def stop(self) -> None:
        """Stop them; idempotent."""


class HasStatus(Service, Protocol):
    """A service that says how it is doing."""

    def status(self) -> dict[str, object]:
        """JSON-able."""


@dataclass(frozen=True, slots=True)
class _Run:
    """What a builder needs."""

    arguments: argparse.Namespace
    on_failure: OnFailure
    stop: threading.Event
    failures: list[BaseException]

    @property
    def config(self) -> Path:
        """The service's TOML file."""
        return Path(self.arguments.config)

    def world(self, path: Path | None, process: str) -> WorldClock:
        """The machine's time, or the world that is served at `path`, once its time has arrived.

        Raises:
            ClockClosed: the process is to stop before that.
        """
        if path is None:
            return RealClock()
        clock = RemoteClock(path, process, on_failure=self.on_failure)
        while not clock.wait_known(_WORLD_LOOK_S):
            if self.stop.is_set():
                clock.close()
                raise _StoppedEarly
        return clock


class _StoppedEarly(Exception):
    """A signal came before the service was made."""


def run(arguments: argparse.Namespace) -> int:
    """Start the service, wait for a signal or the death of one of its threads, stop it.

    Raises:
        CommandFailed: the service could not be made or started, or a thread of it died.
    """
    logs.set_up(verbose=arguments.verbose)
    # A fault inside a C library ends the process without a word otherwise; a report of the fault needs the place.
    if sys.__stderr__ is not None and not faulthandler.is_enabled():
        faulthandler.enable(sys.__stderr__)
    failures: list[BaseException] = []
    ended = threading.Event()

    def on_failure(error: BaseException) -> None:
        failures.append(error)
        ended.set()

    with stop_on_signals(ended) as stop:
        try:
            _serve(arguments, _BUILDERS[arguments.service](_Run(arguments, on_failure, stop, failures)), stop, failures)
        except _StoppedEarly:
            pass
        except _ROOMS as error:
            # No ledger, no chain, a port that is taken: one line, as it names what and where.
            raise CommandFailed(f"{arguments.service}: {error}") from error
    if failures:
        raise CommandFailed(f"{arguments.service} stopped: {failures[0]}") from failures[0]
    log.info("%s stopped", arguments.service)
    return 0


def _serve(
    arguments: argparse.Namespace, service: Service, stop: threading.Event, failures: list[BaseException]
) -> None:
    written: StatusWriter | None = None
    if isinstance(service, _InWorld):
        written = StatusWriter(path_of(arguments.service, arguments.config), arguments.service, service.status)
    try:
        service.start()
        if written is not None:
            written.start()
        log.info("%s runs; Ctrl-C stops it", arguments.service)
        log.info("next: %s", _NEXT[arguments.service])
        stop.wait()
    finally:
        if written is not None:
            written.stop(failed=bool(failures))
        service.stop()


class _InWorld:
    """A service with the clock it lives by."""

    def __init__(self, service: HasStatus, world: WorldClock, failures: list[BaseException]) -> None:
        self._service = service
        self._world = world
        self._failures = failures

    def start(self) -> None:
        """Start the service; from then on the world need not wait for it to come up."""
        self._service.start()
        if isinstance(self._world, RemoteClock):
            self._world.ready()

    def stop(self) -> None:
        """Stop the service, then leave the world: with a goodbye, unless it has failed and must be waited for."""
        if isinstance(self._world, RemoteClock):
            # Before the service's activities leave one by one: from here on either all of them are waited for, or none.
            if self._failures:
                self._world.close()
            else:
                self._world.depart()
        try:
            self._service.stop()
        finally:
            if isinstance(self._world, RemoteClock):
                self._world.close()

    def status(self) -> dict[str, object]:
        """The service's, and the world's where there is one."""
        status = self._service.status()
        if isinstance(self._world, RemoteClock):
            status["world"] = {"connected": self._world.connected, "now": self._world.now()}
        return status


class _SimInWorld:
    """The simulated plant, and the world that it serves."""

    def __init__(self, run: _Run) -> None:
        from firmware_sim import config
        from firmware_sim.service import SimService

        loaded = config.load(run.config)
        self._server = None if loaded.world is None else WorldServer(loaded.world, on_failure=run.on_failure)
        if loaded.world is not None and loaded.not_before is None:
            # Started again in the middle of a replay it must begin with the same day.
            loaded = replace(loaded, not_before=loaded.world.start)
        self._world = RealClock() if self._server is None else self._server.clock
        # Holds the time while no meter answers on the lines.
        self._starting = self._world.join("sim starts")
        self._sim = SimService(loaded, self._world, on_failure=run.on_failure)

    def start(self) -> None:
        """Open the lines, serve the world, and let its time go."""
        self._sim.start()
        if self._server is not None:
            self._server.start()
        self._starting.leave()

    def stop(self) -> None:
        """End the world, then close the lines."""
        if self._server is not None:
            self._server.stop()
        self._sim.stop()

    def status(self) -> dict[str, object]:
        """The lines' counters, the recording's, and the world's."""
        return {
            "lines": {name: {"pty": self._sim.lines[name], **counts} for name, counts in self._sim.counts.items()},
            "world": None if self._server is None else self._server.status(),
        }


def _sim(run: _Run) -> Service:
    from firmware_sim.errors import SimError

    try:
        sim = _SimInWorld(run)
    except SimError as refused:
        raise UsageError(f"{run.config}: {refused}") from None
    return _InWorld(sim, RealClock(), run.failures)


def _broker(run: _Run) -> Service:
    from firmware_sim.broker import EmbeddedBroker

    if not 1 <= run.arguments.port <= _PORT_MAX:
        raise UsageError(f"--port {run.arguments.port} is not between 1 and {_PORT_MAX}")
    return EmbeddedBroker(run.arguments.port)


def _gateway(run: _Run) -> Service:
    from gateway import config
    from gateway.service import GatewayService

    loaded = config.load(run.config)
    world = run.world(loaded.world, "gateway")
    return _InWorld(GatewayService(loaded, world, on_failure=run.on_failure), world, run.failures)


def _oracle(run: _Run) -> Service:
    from oracle import config
    from oracle.chain.client import Chain
    from oracle.service import OracleService

    loaded = config.load(run.config)
    world = run.world(loaded.world, "oracle")
    url = None if loaded.chain is None else loaded.chain.rpc_url
    chain = None if url is None else Chain.connect(url)
    return _InWorld(
        OracleService(loaded, world, chain=chain, on_failure=run.on_failure, ask_password=_asked()), world, run.failures
    )


def _asked() -> Callable[[str], str] | None:
    """Asks for a keystore's password where there is no password file; a person must be there to type it."""
    return getpass.getpass if sys.stdin.isatty() else None


def _api(run: _Run) -> Service:
    from api import config
    from api.service import ApiService

    loaded = config.load(run.config)
    world = run.world(loaded.world, "api")
    return _InWorld(ApiService(loaded, world, on_failure=run.on_failure), world, run.failures)


def _keeper(run: _Run) -> Service:
    from oracle import asset_file
    from oracle.chain.client import Chain
    from oracle.chain.contracts import AssetOnChain
    from oracle.chain.key_file import read_account
    from oracle.ledger.reader import LedgerReader
    from oracle.payout import config as keeper_config
    from oracle.payout.service import KeeperDeps, KeeperService

    loaded = keeper_config.load(run.config)
    asset = asset_file.load(loaded.asset_file)
    if asset.deployment is None:
        raise UsageError(f"{asset.path}: [chain] has no addresses yet; run helioracle asset deploy first")
    account = read_account(
        loaded.key,
        field="key",
        profile=loaded.profile,
        ask_password=_asked(),
        password_file=loaded.password_file,
    )
    reader = LedgerReader(loaded.ledger)
    world = run.world(loaded.world, "keeper")
    on_chain = AssetOnChain.of(Chain.connect(loaded.rpc_url), asset.deployment)
    deps = KeeperDeps(on_chain, account, reader, loaded.skip)
    service = KeeperService(deps, world, every_s=run.arguments.every or loaded.every_s, on_failure=run.on_failure)
    return _InWorld(service, world, run.failures)


# What a person types next, in another terminal; each takes --config.
_NEXT = {
    "broker": "helioracle sim run, or the gateway of real meters",
    "sim": "helioracle oracle create, once, then helioracle oracle run",
    "oracle": "helioracle gateway run; helioracle oracle status says how this one is",
    "gateway": "helioracle api run; helioracle gateway status says how this one is",
    "api": "open the page; helioracle api status says at which address",
    "keeper": "nothing: it pays by itself; helioracle keeper status says whom",
}

_BUILDERS: dict[str, Callable[[_Run], Service]] = {
    "sim": _sim,
    "broker": _broker,
    "gateway": _gateway,
    "oracle": _oracle,
    "api": _api,
    "keeper": _keeper,
}
