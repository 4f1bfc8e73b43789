"""One recorded day through five processes, Mosquitto with TLS and anvil; each process killed at least once; the same as in one process."""

import os
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

import api.config
import firmware_sim.config
import gateway.config
import oracle.config
from api.service import ApiService
from cli.serve import Service
from firmware_sim.broker import EmbeddedBroker
from firmware_sim.service import SimService
from gateway.service import GatewayService
from oracle.chain.client import Chain
from oracle.chain.contracts import AssetOnChain
from oracle.errors import ChainError
from oracle.ledger.reader import LedgerReader
from oracle.payout import config as keeper_config
from oracle.payout.service import KeeperDeps, KeeperService
from oracle.service import OracleService
from runtime.clock import SteppedClock
from runtime.errors import ClockClosed
from runtime.world.client import RemoteClock
from tests.plant.until import until
from tests.processes.anvil_process import AnvilProcess, anvil_process
from tests.processes.loop_site import DAY_S, DONE, END, START, LoopSite, Outcome
from tests.processes.mosquitto import Mosquitto, mosquitto, needs_mosquitto
from tests.processes.service_processes import NAMES, Processes

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(900)]

HOUR_S = 3600
# Who is killed when: in the middle of the slot that everybody has just woken up for.
KILLS: tuple[tuple[int, str], ...] = (
    (START + 3 * HOUR_S, "keeper"),
    (START + 9 * HOUR_S, "gateway"),
    (START + 11 * HOUR_S + 300, "sim"),
    (START + 13 * HOUR_S + 900, "oracle"),
    (START + 15 * HOUR_S, "api"),
    (START + 16 * HOUR_S, "sim"),  # an edge between two tariff bands
    (START + 21 * HOUR_S, "gateway"),  # and another one
    (END, "sim"),
    (END, "oracle"),  # and once more while the day's last batches come and it settles and declares
)
_WATCH_S = 600


@pytest.fixture(scope="module")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What the day comes to when everything runs in this process, over the embedded broker."""
    folder = tmp_path_factory.mktemp("one")
    failures: list[BaseException] = []
    with ExitStack() as stack:
        broker = stack.enter_context(EmbeddedBroker())
        node = stack.enter_context(anvil_process(folder, timestamp=START - DAY_S))
        site = LoopSite(folder / "site", node.url, broker.port)
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
        assert heart.wait_ready(60)
        keeper = keeper_config.load(site.folder / "keeper.toml")
        deps = KeeperDeps(
            AssetOnChain.of(Chain.connect(site.rpc_url), site.deployment),
            site.accounts["keeper"],
            LedgerReader(config.ledger),
            (),
        )
        services: list[Service] = [
            KeeperService(deps, world, every_s=keeper.every_s, on_failure=on_failure),
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


@dataclass(frozen=True, slots=True)
class Loop:
    """The five processes in a world that also waits for this test ('people'), and the two servers that they need."""

    site: LoopSite
    running: Processes
    clock: RemoteClock
    broker: Mosquitto
    chain: AnvilProcess

    def kill(self, name: str) -> None:
        """SIGKILL, and started again."""
        if name == "sim":
            self._kill_sim()
            return
        self.running.kill(name)
        self.running.start(name)

    def _kill_sim(self) -> None:
        # The gateway goes on asking at the links that the dead one has left, and the numbers of its ptys are given to whoever opens the
        # next one: to a test beside this one, whose slave would hear our gateway. As long as we have them open they belong to nobody.
        links = [self.site.folder / "run/line-a", self.site.folder / "run/line-b"]
        before = [link.readlink() for link in links]
        with ExitStack() as held:
            for pty in before:
                held.callback(os.close, os.open(pty, os.O_RDWR | os.O_NOCTTY))
            self.running.kill("sim")
            self.running.start("sim")
            until(lambda: all(link.readlink() not in before for link in links), within_s=120)

    def kill_broker(self) -> None:
        self.broker.kill()
        self.broker.start()


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Loop]:
    needs_mosquitto()
    (tmp_path / "b").mkdir()
    with ExitStack() as stack:
        chain = stack.enter_context(anvil_process(tmp_path, timestamp=START - DAY_S))
        broker = stack.enter_context(mosquitto(tmp_path / "b", "roof-pi"))
        site = LoopSite(tmp_path / "s", chain.url, broker.port)
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
        yield Loop(site, running, clock, broker, chain)
        assert failures == []


def _watch(running: Processes, clock: RemoteClock, ended: threading.Event) -> None:
    for _ in range(_WATCH_S * 2):
        if ended.wait(0.5):
            return
        if running.dead():
            break
    clock.close()


def test_five_processes_each_killed_in_the_middle_come_to_the_same_day(in_process: Outcome, loop: Loop) -> None:
    site, running, clock = loop.site, loop.running, loop.clock
    people = clock.join("people")
    clock.ready()
    try:
        for instant, name in KILLS:
            people.wait_until(instant)
            loop.kill(name)
        site.live_to_the_end(people)
    except ClockClosed:
        pytest.fail(running.last_words())
    assert running.dead() == {}
    assert site.outcome() == in_process
    assert sum(in_process.energy_wh.values()) > 100_000
    assert sum(in_process.paid.values()) > 0
    assert clock.now() == DONE
    for name in NAMES:
        told = running.status(name)
        assert told["service"] == name
        assert told["state"] == "running", running.said(name)
    page = running.status("api")["status"]["url"].removeprefix("http://")
    with urllib.request.urlopen(f"http://{page}/v1/assets", timeout=60) as answer:
        assert answer.status == 200
    people.leave()
    codes = running.stop_all()
    assert codes == dict.fromkeys(NAMES, 0), running.last_words()
    assert {running.status(name)["state"] for name in NAMES} == {"stopped"}


def test_broker_and_chain_killed_in_the_middle_come_to_the_same_day(in_process: Outcome, loop: Loop) -> None:
    site, clock = loop.site, loop.clock
    people = clock.join("people")
    clock.ready()
    try:
        people.wait_until(START + 10 * HOUR_S + 900)  # batches are on their way
        loop.kill_broker()
        people.wait_until(START + 12 * HOUR_S)
        loop.chain.stop()  # the whole chain comes back
        loop.chain.start()
        people.wait_until(START + 14 * HOUR_S)
        loop.kill_broker()
        people.wait_until(END)  # the day's last batches come, and it is settled and declared
        before = loop.chain.dump()
        loop.kill_broker()
        people.wait_until(END + 1)
        assert site.state == "declared"
        loop.chain.kill(before)  # what was declared may be gone
        loop.chain.start()
        until(lambda: declared_on(site), within_s=120)
        site.fund()
        funded = loop.chain.dump()
        loop.chain.kill(funded)
        loop.chain.start()
        people.wait_until(DONE)
    except ClockClosed:
        pytest.fail(loop.running.last_words())
    assert loop.running.dead() == {}
    assert site.outcome() == in_process
    # The last batches are answered in real time, and the status on disk may be two seconds old.
    until(lambda: loop.running.status("gateway")["status"]["outbox"]["unanswered"] == 0, within_s=60)
    people.leave()
    assert loop.running.stop_all() == dict.fromkeys(NAMES, 0)


def declared_on(site: LoopSite) -> bool:
    """Whether the contract, not only the ledger, has the day."""
    declared = site.on_chain.contracts.declarations.events.Declared()
    try:
        return len(site.chain.call(lambda _: declared.get_logs(from_block=0))) == 1
    except ChainError:
        return False
