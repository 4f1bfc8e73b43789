"""One recorded day through five processes, Mosquitto with TLS and anvil; each process killed at least once; the same as in one process."""

import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import api.config
import firmware_sim.config
import gateway.config
import oracle.config
from api.service import ApiService
from cli import keeper_config
from cli.keeper_service import KeeperService, Keeping
from cli.serve import Service
from firmware_sim.broker import EmbeddedBroker
from firmware_sim.service import SimService
from gateway.service import GatewayService
from oracle.chain.client import Chain
from oracle.ledger.reader import LedgerReader
from oracle.service import OracleService
from shell.clock import SteppedClock
from shell.errors import ClockClosed
from shell.world_client import RemoteClock
from tests.processes.loop_site import DONE, END, START, LoopSite, Outcome, anvil
from tests.processes.mosquitto import mosquitto, needs_mosquitto
from tests.processes.service_processes import NAMES, Processes

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(280)]

HOUR_S = 3600
# Who is killed when: in the middle of the slot that everybody has just woken up for.
KILLS = (
    (START + 3 * HOUR_S, "keeper"),
    (START + 9 * HOUR_S, "gateway"),
    (START + 11 * HOUR_S + 300, "sim"),
    (START + 13 * HOUR_S + 900, "oracle"),
    (START + 15 * HOUR_S, "api"),
    (END, "oracle"),  # and once more while the day's last batches come and it settles and declares
)
_WATCH_S = 200


@pytest.fixture(scope="module")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What the day comes to when everything runs in this process, over the embedded broker."""
    folder = tmp_path_factory.mktemp("one")
    failures: list[BaseException] = []
    with ExitStack() as stack:
        broker = stack.enter_context(EmbeddedBroker())
        site = LoopSite(folder / "site", stack.enter_context(anvil(folder / "anvil.log")), broker.port)
        stack.callback(site.chain.close)
        world = SteppedClock(START - 1)
        stack.callback(world.close)
        people = world.join("people")

        def on_failure(error: BaseException) -> None:
            failures.append(error)
            world.close()

        chain = Chain.connect(site.rpc_url)
        stack.callback(chain.close)
        config = oracle.config.load(site.folder / "oracle.toml")
        heart = OracleService(config, world, chain=chain, on_failure=on_failure)
        stack.callback(heart.stop)
        heart.start()
        assert heart.wait_ready(20)
        keeper = keeper_config.load(site.folder / "keeper.toml")
        keeping = Keeping(
            Chain.connect(site.rpc_url), site.deployment, site.accounts["keeper"], LedgerReader(config.ledger), ()
        )
        services: list[Service] = [
            KeeperService(keeping, world, every_s=keeper.every_s, on_failure=on_failure),
            ApiService(api.config.load(site.folder / "api.toml"), world, on_failure=on_failure),
            SimService(firmware_sim.config.load(site.folder / "sim.toml"), world, on_failure=on_failure),
            GatewayService(gateway.config.load(site.folder / "gateway.toml"), world, on_failure=on_failure),
        ]
        for service in services:
            stack.callback(service.stop)
            service.start()
        site.live_to_the_end(people)
        assert failures == []
        return site.outcome()


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[tuple[LoopSite, Processes, RemoteClock]]:
    """The five, running, in a world that also waits for this test ('people')."""
    needs_mosquitto()
    (tmp_path / "b").mkdir()
    with ExitStack() as stack:
        url = stack.enter_context(anvil(tmp_path / "anvil.log"))
        port = stack.enter_context(mosquitto(tmp_path / "b", "roof-pi"))
        site = LoopSite(tmp_path / "s", url, port)
        stack.callback(site.chain.close)
        site.add_tls(tmp_path / "b" / "certs")
        site.add_world("gateway", "oracle", "api", "keeper", "people")
        failures: list[BaseException] = []
        clock = RemoteClock(site.folder / "run/world.sock", "people", on_failure=failures.append)
        stack.callback(clock.close)
        running = Processes(site.folder)
        stack.callback(running.stop_all)
        # A dead process would hold the world for ever: end it, and say who it was.
        ended = threading.Event()
        watch = threading.Thread(target=_watch, args=(running, clock, ended))
        watch.start()
        stack.callback(watch.join)
        stack.callback(ended.set)
        for name in NAMES:
            running.start(name)
        yield site, running, clock
        assert failures == []


def _watch(running: Processes, clock: RemoteClock, ended: threading.Event) -> None:
    for _ in range(_WATCH_S * 2):
        if ended.wait(0.5):
            return
        if running.dead():
            break
    clock.close()


def test_five_processes_each_killed_in_the_middle_come_to_the_same_day(
    in_process: Outcome, processes: tuple[LoopSite, Processes, RemoteClock]
) -> None:
    site, running, clock = processes
    people = clock.join("people")
    clock.ready()
    try:
        for instant, name in KILLS:
            people.wait_until(instant)
            running.kill(name)
            running.start(name)
        site.live_to_the_end(people)
    except ClockClosed:
        pytest.fail("\n".join(running.said(name) for name in NAMES))
    assert running.dead() == []
    assert site.outcome() == in_process
    assert sum(in_process.energy_wh.values()) > 100_000
    assert sum(in_process.paid.values()) > 0
    assert clock.now() == DONE
    for name in NAMES:
        told = running.status(name)
        assert told["service"] == name
        assert told["state"] == "running", running.said(name)
    page = running.status("api")["status"]["url"].removeprefix("http://")
    with urllib.request.urlopen(f"http://{page}/v1/assets", timeout=20) as answer:
        assert answer.status == 200
    people.leave()
    codes = running.stop_all()
    assert codes == dict.fromkeys(NAMES, 0), "\n".join(running.said(name) for name in NAMES)
    assert {running.status(name)["state"] for name in NAMES} == {"stopped"}
