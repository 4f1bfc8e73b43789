"""The whole gateway: simulated meters on real ptys, a real broker, an oracle that signs; and every fault a line can have."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from evidence import batch, header
from evidence.header import Kind
from evidence.keys import PublicKey
from evidence.reading import PROFILE_TARIFFS, Reading
from evidence.status import Status
from firmware_sim.broker import EmbeddedBroker
from firmware_sim.config import InverterConfig, LineConfig, SimConfig, builtin_recording
from firmware_sim.config import MeterConfig as SimMeterConfig
from firmware_sim.core.faults import FaultKind, FaultPlan
from firmware_sim.core.replay import Counting
from firmware_sim.service import SimService
from gateway.boot import Boot, ChronyClock, fixed_clock, kernel_boot
from gateway.config import GatewayConfig
from gateway.lines import config as gateway_config
from gateway.lines.config import MeterConfig
from gateway.service import GatewayService
from runtime.broker import BrokerConfig
from runtime.clock import RealClock, SteppedClock
from tests.plant.edge_site import Failures, entropy_of, meter_config
from tests.plant.fake_oracle import FakeOracle
from tests.plant.until import until

INVERTERS = [meter_config(f"INV-{unit}", str(unit)) for unit in (1, 2)]
METERS = [meter_config("DL-1", "000000000001", profile=PROFILE_TARIFFS)]
START = 1_783_209_600  # a midnight UTC
FIRST = START + 7 * 3600 + 86_400  # the first replayed day begins, at the plant's -07:00


@dataclass
class Plant:
    """A world with a simulator and a gateway in it; the test holds the world's time until it lets go."""

    world: SteppedClock
    sim: SimService
    new_sim: Callable[[], SimService]
    gateway: GatewayService
    release: Callable[[], None]


@pytest.fixture
def oracle(broker: EmbeddedBroker) -> Iterator[FakeOracle]:
    running = FakeOracle(broker.port, "roof", INVERTERS + METERS)
    running.start()
    yield running
    running.stop()


MakePlant = Callable[..., Plant]


def sim_config(faults: FaultPlan) -> SimConfig:
    return SimConfig(
        recording=builtin_recording("builtin:serf-east"),
        nameplate_w=6000,
        utc_offset_s=-7 * 3600,
        first_day=date(2016, 7, 5),
        days=1,
        lines=(
            LineConfig(
                name="a",
                inverters=tuple(
                    InverterConfig(
                        serial=meter.serial,
                        unit=int(meter.address),
                        scale_factor=1,
                        counting=Counting(10**6, 100_000, 10),
                    )
                    for meter in INVERTERS
                ),
            ),
            LineConfig(
                name="b",
                meters=tuple(
                    SimMeterConfig(serial=meter.serial, address=meter.address, counting=Counting(10**6, 50_000, 10))
                    for meter in METERS
                ),
            ),
        ),
        faults=faults,
    )


@pytest.fixture
def plant(tmp_path: Path, broker: EmbeddedBroker, oracle: FakeOracle, failures: Failures) -> Iterator[MakePlant]:
    made: list[Plant] = []

    def make(
        slots: int,
        faults: FaultPlan | None = None,
        *,
        start: int = FIRST + 12 * 3600,
        ask_again_s: int = 20,
        links: Path | None = None,
        timeout_ms: int = 1_000,  # a machine with more to do stands still for some hundred ms, and no meter was silent
    ) -> Plant:
        world = SteppedClock(start - 1)
        holder = world.join("test")
        config_of_sim = sim_config(faults or FaultPlan())
        of_lines = {line.name: None if links is None else links / line.name for line in config_of_sim.lines}

        def new_sim() -> SimService:
            sim = SimService(config_of_sim, SteppedClock(START), on_failure=failures)
            sim._world = world
            sim._lines = tuple(sim._line(replace(line, link=of_lines[line.name])) for line in config_of_sim.lines)
            sim.start()
            return sim

        sim = new_sim()
        lines = tuple(
            gateway_config.LineConfig(
                name=name,
                port=str(of_lines[name] or sim.lines[name]),
                protocol=protocol,
                timeout_ms=timeout_ms,
                quiet_ms=40,
                meters=tuple(meters),
            )
            for name, protocol, meters in (("a", "modbus-rtu", INVERTERS), ("b", "dlt645", METERS))
        )
        config = GatewayConfig(
            gateway="pi",
            asset="roof",
            profile="demo",
            outbox=tmp_path / "outbox.sqlite",
            poll_interval_s=300,
            ask_again_s=ask_again_s,
            last_slot=start + 300 * (slots - 1),
            clock="synchronised",
            answer_timeout_s=1,
            broker=BrokerConfig(host="127.0.0.1", port=broker.port),
            oracle_points=(oracle.signer.public_point,),
            lines=lines,
        )
        gateway = GatewayService(
            config, world, entropy=entropy_of("keys"), boot=Boot(b"b" * 16, lambda: world.now() * 1000),
            on_failure=failures,
        )  # fmt: skip
        made.append(Plant(world, sim, new_sim, gateway, holder.leave))
        return made[-1]

    yield make
    for one in made:
        one.world.close()
        one.gateway.stop()
        one.sim.stop()


def readings_at(oracle: FakeOracle, meter: MeterConfig) -> dict[int, Reading]:
    """What the oracle has of a meter, by slot."""
    key = PublicKey(meter.signer.public_point)
    found: dict[int, Reading] = {}
    for item in oracle.items(meter):
        opened = header.open_header(item.header, item.signature, key)
        if opened.kind is Kind.READINGS:
            for reading in batch.open_body(opened, item.batch_key, item.body).readings:
                found[reading.time] = reading
    return found


def run(one: Plant) -> dict[str, object]:
    one.gateway.start()
    one.release()
    assert one.gateway.wait_finished(200)
    until(lambda: not one.world.busy_participants(), within_s=60)
    return one.gateway.status()


def test_every_slot_of_every_meter_is_signed_and_stored_with_the_register_of_its_instant(
    plant: MakePlant, oracle: FakeOracle
) -> None:
    one = plant(40)
    status = run(one)
    slots = [FIRST + 12 * 3600 + 300 * number for number in range(40)]
    for meter in INVERTERS + METERS:
        found = readings_at(oracle, meter)
        assert list(found) == slots
        start_wh = 100_000 if meter in INVERTERS else 50_000
        counting = Counting(10**6, start_wh, 10)
        assert [reading.export_wh for reading in found.values()] == [
            counting.register_wh(one.sim.replay.energy_ws(slot)) for slot in slots
        ]
        assert all(reading.status & Status.CLOCK_SYNCHRONISED for reading in found.values())
    assert (status["readings_signed"], status["slots"], status["finished"]) == (120, 40, True)
    assert status["alarms"] == {}
    json.dumps(status)


def test_batches_end_at_the_quarter_hours_and_the_last_slot_is_sealed(plant: MakePlant, oracle: FakeOracle) -> None:
    run(plant(5, start=FIRST))
    ends = [stored.t1 for stored in oracle.stored(INVERTERS[0]) if stored.kind is Kind.READINGS]
    assert ends == [FIRST, FIRST + 900, FIRST + 1200]


FAULTS: Mapping[FaultKind, tuple[str, Status]] = {
    FaultKind.CRC: ("damaged", Status(0)),
    FaultKind.TRUNCATE: ("damaged", Status(0)),
    FaultKind.LATE: ("late", Status(0)),
    FaultKind.FOREIGN: ("foreign", Status(0)),
    FaultKind.SILENCE: ("no_answer", Status(0)),
    FaultKind.EXCEPTION: ("refused", Status.REFUSED),
    FaultKind.SENTINEL: ("answered", Status.SENTINEL),
    FaultKind.ZERO: ("answered", Status.ZERO),
    FaultKind.FALLING: ("answered", Status.FELL),
}


@pytest.mark.parametrize("serial", ["INV-1", "DL-1"])
@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_of_one_answer_is_counted_and_is_no_reading_or_is_labelled(
    plant: MakePlant, oracle: FakeOracle, kind: FaultKind, serial: str
) -> None:
    """One answer goes wrong (of the DL/T meter one with its forward register); no register that is not labelled is wrong."""
    counter, label = FAULTS[kind]
    one = plant(8, FaultPlan(script={(serial, 10 if serial == "INV-1" else 9): kind}))
    status = run(one)
    meter = next(meter for meter in INVERTERS + METERS if meter.serial == serial)
    found = readings_at(oracle, meter)
    assert len(found) == 8
    polls = status["polls"]
    assert isinstance(polls, dict)
    assert polls[counter] >= 1, polls
    labels = Status.SUSPECT | Status.REFUSED
    labelled = [reading for reading in found.values() if reading.status & labels]
    assert [bool(reading.status & label) for reading in labelled] == [True] * bool(label)
    counting = Counting(10**6, 100_000 if meter in INVERTERS else 50_000, 10)
    for reading in found.values():
        if reading not in labelled:
            assert reading.export_wh == counting.register_wh(one.sim.replay.energy_ws(reading.time))


def test_a_plant_full_of_faults_still_gives_one_reading_a_slot_and_no_wrong_register(
    plant: MakePlant, oracle: FakeOracle
) -> None:
    harmful = (FaultKind.CRC, FaultKind.TRUNCATE, FaultKind.LATE, FaultKind.FOREIGN, FaultKind.SILENCE)
    # Slow answers come after the time-out and after the quiet time: in the middle of something else. Only an inverter's tell by their
    # length which request they answer; that a DL/T meter answers in the order in which it is asked, the simulator does not keep.
    slow = dict.fromkeys(((one.serial, number) for one in INVERTERS for number in (6, 13, 26, 40)), FaultKind.SLOW)
    plan = FaultPlan(seed=7, rates_ppm=dict.fromkeys(harmful, 60_000), script=slow, slow_ms=150)
    one = plant(24, plan, timeout_ms=80)
    status = run(one)
    for meter in INVERTERS + METERS:
        found = readings_at(oracle, meter)
        assert len(found) == 24
        counting = Counting(10**6, 100_000 if meter in INVERTERS else 50_000, 10)
        for reading in found.values():
            assert reading.export_wh in (None, counting.register_wh(one.sim.replay.energy_ws(reading.time)))
    polls = status["polls"]
    assert isinstance(polls, dict)
    assert polls["asked"] > polls["answered"]


@pytest.mark.parametrize(("slot", "asked_again"), [(3, True), (2, False)], ids=["at a quarter hour", "between two"])
def test_who_falls_silent_at_a_possible_boundary_is_asked_again_within_the_tolerance(
    plant: MakePlant, oracle: FakeOracle, tmp_path: Path, slot: int, asked_again: bool
) -> None:
    """The plant goes away right before the slot is polled and comes back on other ptys, as a killed simulator does."""
    one = plant(5, links=tmp_path)
    at = FIRST + 12 * 3600 + 300 * slot
    breaker = one.world.join("breaker")
    one.gateway.start()
    one.release()
    breaker.wait_until(at - 1)
    one.sim.stop()
    breaker.idle()
    if asked_again:
        until(lambda: polls(one)["unusable"] >= 4)
        assert one.world.now() == at  # its slot is not over
        one.sim = one.new_sim()
    else:
        until(lambda: one.world.now() > at)
        one.sim = one.new_sim()
    assert one.gateway.wait_finished(200)
    until(lambda: not one.world.busy_participants(), within_s=60)
    for meter in INVERTERS + METERS:
        found = readings_at(oracle, meter)
        assert len(found) == 5
        counting = Counting(10**6, 100_000 if meter in INVERTERS else 50_000, 10)
        wanted = counting.register_wh(one.sim.replay.energy_ws(at))
        assert found[at].export_wh == (wanted if asked_again else None)


def test_who_is_damaged_at_a_possible_boundary_is_asked_again_although_the_slot_before_was_damaged_too(
    plant: MakePlant, oracle: FakeOracle
) -> None:
    # Two answers to a good poll of a DL/T meter, and one to a poll that is damaged: both attempts of the third slot, both of the fourth,
    # which is a quarter hour, and what is asked again there once.
    one = plant(5, FaultPlan(script={("DL-1", number): FaultKind.CRC for number in range(5, 10)}))
    run(one)
    counting = Counting(10**6, 50_000, 10)
    wanted = {
        FIRST + 12 * 3600 + 300 * slot: counting.register_wh(one.sim.replay.energy_ws(FIRST + 12 * 3600 + 300 * slot))
        for slot in (0, 1, 3, 4)
    }
    found = readings_at(oracle, METERS[0])
    assert {at: reading.export_wh for at, reading in found.items() if reading.export_wh is not None} == wanted


def test_who_stays_silent_is_waited_for_once_and_not_at_every_boundary(
    plant: MakePlant, oracle: FakeOracle, tmp_path: Path
) -> None:
    # By a link, which goes with it: the next pty that anybody on this machine opens has the name of one that was closed.
    one = plant(10, ask_again_s=1, links=tmp_path)
    one.sim.stop()
    status = run(one)
    assert [reading.export_wh for reading in readings_at(oracle, METERS[0]).values()] == [None] * 10
    # Ten slots, and at the first of four boundaries two or three times more.
    assert len(INVERTERS + METERS) * 11 <= polls(one)["unusable"] <= len(INVERTERS + METERS) * 13
    assert status["slots"] == 10


def test_a_gateway_that_asks_a_silent_meter_again_can_be_stopped(plant: MakePlant, tmp_path: Path) -> None:
    one = plant(1, ask_again_s=150, links=tmp_path)  # for the reason given above
    one.sim.stop()
    one.gateway.start()
    one.release()
    until(lambda: polls(one)["unusable"] >= 4)
    one.gateway.stop()
    assert one.gateway.status()["slots"] == 1


def polls(one: Plant) -> dict[str, int]:
    found = one.gateway.status()["polls"]
    assert isinstance(found, dict)
    return found


def test_a_gateway_that_is_stopped_and_started_again_loses_nothing(plant: MakePlant, oracle: FakeOracle) -> None:
    one = plant(4)
    run(one)
    one.world.close()
    one.gateway.stop()
    one.gateway.stop()
    two = plant(4, start=FIRST + 12 * 3600 + 4 * 300)
    run(two)
    assert len(readings_at(oracle, INVERTERS[0])) == 8
    kinds = [stored.kind for stored in oracle.stored(INVERTERS[0])]
    assert kinds.count(Kind.EPOCH) == 1
    assert Kind.GAP not in kinds


def test_slots_that_nobody_polled_are_a_gap(plant: MakePlant, oracle: FakeOracle) -> None:
    one = plant(2)
    run(one)
    one.world.close()
    one.gateway.stop()
    run(plant(2, start=FIRST + 13 * 3600))
    gaps = [stored for stored in oracle.stored(METERS[0]) if stored.kind is Kind.GAP]
    assert [(gap.t0, gap.t1) for gap in gaps] == [(FIRST + 12 * 3600 + 600, FIRST + 13 * 3600 - 300)]


def test_stop_while_waiting_for_the_next_slot_is_quick_on_the_machines_own_clock(
    tmp_path: Path, broker: EmbeddedBroker, oracle: FakeOracle, failures: Failures
) -> None:
    config = GatewayConfig(
        gateway="pi-real", asset="roof", profile="demo", outbox=tmp_path / "o.sqlite", poll_interval_s=3600,
        cut_every_s=3600, clock="unknown", broker=BrokerConfig(host="127.0.0.1", port=broker.port),
        oracle_points=(oracle.signer.public_point,),
        lines=(gateway_config.LineConfig(name="a", port="/dev/none", protocol="modbus-rtu", meters=(INVERTERS[0],)),),
    )  # fmt: skip
    service = GatewayService(config, RealClock(), on_failure=failures)
    service.start()
    service.stop()
    assert not service.wait_finished(0)


def test_a_service_that_was_never_started_can_be_stopped(tmp_path: Path, plant: MakePlant) -> None:
    one = plant(1)
    one.gateway.stop()
    assert one.gateway.status()["readings_signed"] == 0


def test_the_kernel_says_which_boot_this_is() -> None:
    boot = kernel_boot()
    assert len(boot.id) == 16
    assert boot.id == kernel_boot().id
    assert boot.monotonic_ms() <= boot.monotonic_ms()


@pytest.mark.parametrize(
    ("said", "bit"),
    [
        ("C0A80101,host,3,1,0,0,0,0,0,0,0,0,0,Normal", Status.CLOCK_SYNCHRONISED),
        ("7F7F0101,,0,0,0,0,0,0,0,0,0,0,0,Not synchronised", Status.CLOCK_UNKNOWN),
        ("506 Cannot talk to daemon", Status.CLOCK_UNKNOWN),
        ("", Status.CLOCK_UNKNOWN),
    ],
)
def test_chrony_is_believed_only_when_it_is_synchronised(said: str, bit: Status) -> None:
    assert ChronyClock(("printf", "%s\n", said))() == bit
    assert ChronyClock(("/nonexistent/chronyc",))() == Status.CLOCK_UNKNOWN
    assert fixed_clock("informative")() == Status.CLOCK_INFORMATIVE


def test_no_threads_are_left_behind(plant: MakePlant, oracle: FakeOracle) -> None:
    before = set(threading.enumerate())
    one = plant(1)
    run(one)
    one.world.close()
    one.gateway.stop()
    one.sim.stop()
    left = [thread.name for thread in set(threading.enumerate()) - before]
    assert left == []
