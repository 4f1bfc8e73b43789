"""`helioracle sim|gateway|oracle|api run`: one service from its TOML file, until Ctrl-C or SIGTERM."""

import argparse
import logging
import threading
from collections.abc import Callable
from typing import Protocol

from cli.errors import CommandFailed
from shell import logs
from shell.clock import RealClock
from shell.signals import stop_on_signals

log = logging.getLogger("helioracle")

OnFailure = Callable[[BaseException], None]


class Service(Protocol):
    """What every service object can do."""

    def start(self) -> object:
        """Start its threads."""

    def stop(self) -> None:
        """Stop them; idempotent."""


def run(arguments: argparse.Namespace) -> int:
    """Start the service, wait for a signal or the death of one of its threads, stop it.

    Raises:
        CommandFailed: a thread of the service died.
    """
    logs.set_up(verbose=arguments.verbose)
    failures: list[BaseException] = []
    ended = threading.Event()

    def on_failure(error: BaseException) -> None:
        failures.append(error)
        ended.set()

    with stop_on_signals(ended) as stop:
        service = _BUILDERS[arguments.service](arguments, on_failure)
        try:
            service.start()
            log.info("%s runs; Ctrl-C stops it", arguments.service)
            stop.wait()
        finally:
            service.stop()
    if failures:
        raise CommandFailed(f"{arguments.service} stopped: {failures[0]}") from failures[0]
    log.info("%s stopped", arguments.service)
    return 0


def _sim(arguments: argparse.Namespace, on_failure: OnFailure) -> Service:
    from firmware_sim import config
    from firmware_sim.service import SimService

    return SimService(config.load(arguments.config), RealClock(), on_failure=on_failure)


def _broker(arguments: argparse.Namespace, _on_failure: OnFailure) -> Service:
    from firmware_sim.broker import EmbeddedBroker

    return EmbeddedBroker(arguments.port)


def _gateway(arguments: argparse.Namespace, on_failure: OnFailure) -> Service:
    from gateway import config
    from gateway.service import GatewayService

    return GatewayService(config.load(arguments.config), RealClock(), on_failure=on_failure)


def _oracle(arguments: argparse.Namespace, on_failure: OnFailure) -> Service:
    from oracle import config
    from oracle.chain.client import Chain
    from oracle.service import OracleService

    loaded = config.load(arguments.config)
    url = None if loaded.chain is None else loaded.chain.rpc_url
    chain = None if url is None else Chain.connect(url)
    return OracleService(loaded, RealClock(), chain=chain, on_failure=on_failure)


def _api(arguments: argparse.Namespace, on_failure: OnFailure) -> Service:
    from api import config
    from api.service import ApiService

    return ApiService(config.load(arguments.config), RealClock(), on_failure=on_failure)


_BUILDERS: dict[str, Callable[[argparse.Namespace, OnFailure], Service]] = {
    "sim": _sim,
    "broker": _broker,
    "gateway": _gateway,
    "oracle": _oracle,
    "api": _api,
}
