"""One meter on a pty, the real gateway, a real broker and the real oracle in one stepped world: what the meter says goes all the way."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from evidence import batch, header
from evidence.header import Kind
from evidence.reading import Reading
from gateway.boot import Boot
from gateway.config import GatewayConfig
from gateway.lines.config import LineConfig, MeterConfig
from gateway.service import GatewayService
from oracle import config as oracle_config
from oracle.ledger.reader import LedgerReader
from oracle.service import OracleService
from runtime.broker import BrokerConfig
from runtime.clock import SteppedClock
from tests.plant.gateway_client import WAIT_S
from tests.plant.scripted_slave import ScriptedSlave
from tests.plant.signed_meter import ASSET, DAY_ZERO, SignedMeter
from tests.plant.signer import signer_of
from tests.plant.site import write_site

POLL_S = 3600
SLOTS = 26  # midnight, the day, its closing midnight, and one behind it
DAY_S = 86_400
ANSWER_MS = 4_000  # a slave that answers does so in this time on the slowest machine; each silence costs as much
# A day of slots, each with half a dozen fsyncs on both sides: some disks take a third of a second for one.
_DONE_S = 240


def meter_config(meter: SignedMeter, address: str, *, wrong_key: bool = False) -> MeterConfig:
    """How the gateway is told of a meter; with another key than its binding's, if the test wants that."""
    return MeterConfig(
        serial=meter.serial,
        address=address,
        signer=signer_of("somebody else") if wrong_key else meter.signer,
        binding=meter.binding,
        binding_hash=meter.binding_hash,
    )


@dataclass
class EdgeToOracle:
    """Everything that runs; `stop` ends it."""

    world: SteppedClock
    gateway: GatewayService
    oracle: OracleService
    release: Callable[[], None]
    config: GatewayConfig
    oracle_toml: Path
    on_failure: Callable[[BaseException], None]

    @property
    def reader(self) -> LedgerReader:
        return self.oracle.reader

    def start_oracle(self) -> None:
        """Start another oracle over the files as they are now; the one before has been stopped."""
        self.oracle = OracleService(
            oracle_config.load(self.oracle_toml), self.world, chain=None, on_failure=self.on_failure
        )
        self.oracle.start()
        assert self.oracle.wait_ready(WAIT_S)

    def start_gateway(self) -> None:
        """Start another gateway likewise."""
        self.gateway = gateway_of(self.config, self.world, self.on_failure)
        self.gateway.start()

    def run(self) -> None:
        """Start the gateway and let the world go, until the last slot is polled, stored and settled."""
        self.gateway.start()
        self.release()
        self.finish()

    def finish(self) -> None:
        """Wait until the last slot is polled, stored and settled."""
        assert self.gateway.wait_finished(_DONE_S)
        self.wait_for(lambda: not self.world.busy_participants())

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Ask until it is so: for what nothing signals."""
        pause = threading.Event()
        for _ in range(_DONE_S * 100):
            if condition():
                return
            pause.wait(0.01)
        raise AssertionError((self.world.busy_participants(), self.gateway.status(), self.oracle.status()))

    def readings(self, meter: SignedMeter) -> dict[int, Reading]:
        """What the ledger holds of a meter, by slot."""
        found = {}
        for row in self.reader.headers.batches_from(meter.meter_id, 0, limit=1000):
            if row.header.kind == Kind.READINGS:
                opened = header.decode(row.header.header)
                for reading in batch.open_body(opened, row.batch_key, row.body).readings:
                    found[reading.time] = reading
        return found

    def stop(self) -> None:
        self.world.close()
        self.gateway.stop()
        self.oracle.stop()


def wire(
    folder: Path,
    slave: Callable[..., ScriptedSlave],
    *,
    port: int,
    meter: SignedMeter,
    bound: bool = True,
    wrong_key: bool = False,
    protocol: str = "modbus-rtu",
    address: str = "7",
    says: Callable[[bytes, int], bytes],
    on_failure: Callable[[BaseException], None],
    slots: int = SLOTS,
) -> EdgeToOracle:
    """Wire it up; nothing polls before `run`.

    Args:
        folder: for all files.
        slave: makes the far end of a pty.
        port: of the broker.
        meter: the meter on the line.
        bound: whether the oracle knows its binding.
        wrong_key: the gateway signs with a key that is not the meter's.
        protocol: of the line.
        address: of the meter on it.
        says: from a request and the world's time to the bytes that come back.
        on_failure: told when a thread dies.
        slots: how many are polled.
    """
    known = [meter] if bound else [SignedMeter("SIM-KNOWN", point="roof-9")]
    path = write_site(folder, known, port=port)
    asset = folder / "asset.toml"
    asset.write_text(asset.read_text().replace("poll_interval_s = 300", f"poll_interval_s = {POLL_S}"))
    world = SteppedClock(DAY_ZERO - 1)
    holder = world.join("test")
    loaded = oracle_config.load(path)
    oracle = OracleService(loaded, world, chain=None, on_failure=on_failure)
    oracle.start()
    assert oracle.wait_ready(WAIT_S)
    far = slave(lambda request: says(request, world.now()))
    config = GatewayConfig(
        ask_again_s=0,  # one bad answer a slot, and the slot is as bad as that
        gateway="roof-pi",
        asset=ASSET,
        profile="development",
        outbox=folder / "outbox.sqlite",
        poll_interval_s=POLL_S,
        cut_every_s=POLL_S,
        last_slot=DAY_ZERO + (slots - 1) * POLL_S,
        clock="synchronised",
        answer_timeout_s=1,
        broker=BrokerConfig(host="127.0.0.1", port=port),
        oracle_points=(loaded.signer.public_point,),
        lines=(
            LineConfig(
                name="line-a",
                port=far.path,
                protocol=protocol,
                timeout_ms=ANSWER_MS,
                quiet_ms=40,
                attempts=1,
                meters=(meter_config(meter, address, wrong_key=wrong_key),),
            ),
        ),
    )
    gateway = gateway_of(config, world, on_failure)
    return EdgeToOracle(world, gateway, oracle, holder.leave, config, path, on_failure)


def gateway_of(
    config: GatewayConfig, world: SteppedClock, on_failure: Callable[[BaseException], None]
) -> GatewayService:
    """A gateway in this world, not started."""
    boot = Boot(b"b" * 16, lambda: world.now() * 1000)
    return GatewayService(config, world, boot=boot, on_failure=on_failure)
