"""Refusals as the gateway that caused them sees them, and bundles that would be too large: all of it real, from pty to ledger."""

import logging
import queue
from collections.abc import Callable
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage

from evidence import topics
from evidence.bundle import decode_bundle
from evidence.status import Status
from evidence.tags import BUNDLE_ITEMS_MAX, BUNDLE_SIZE_MAX
from firmware_sim.broker import EmbeddedBroker
from gateway.outbox import Outbox
from runtime.broker import BrokerConfig
from runtime.mqtt import new_client
from tests.plant.edge_site import reading_at, sealing_of, unknown_head
from tests.plant.gateway_client import WAIT_S
from tests.plant.signed_meter import ASSET, DAY_ZERO, SignedMeter
from tests.refusals.edge_to_oracle import POLL_S, EdgeToOracle, meter_config
from tests.refusals.inverter import UNIT, good_inverter
from tests.refusals.said import said


@pytest.mark.parametrize(
    ("options", "code"),
    [({"bound": False}, "UNKNOWN_METER"), ({"wrong_key": True}, "BAD_SIGNATURE")],
    ids=["unknown meter", "bad signature"],
)
def test_a_refused_batch_is_kept_with_an_alarm_and_is_no_storm(
    options: dict[str, bool], code: str, wired: Callable[..., EdgeToOracle], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    meter = SignedMeter("SIM-0001", valid_from=DAY_ZERO - POLL_S)
    one = wired(meter=meter, address=str(UNIT), says=good_inverter, **options)
    one.gateway.start()
    one.release()
    one.wait_for(lambda: "refused SIM-0001" in one.gateway.alarms.standing())

    status = one.gateway.status()
    uplink, alarms, outbox = status["uplink"], status["alarms"], status["outbox"]
    assert isinstance(uplink, dict)
    assert isinstance(alarms, dict)
    assert isinstance(outbox, dict)
    assert uplink["refused"] >= 1
    assert code in alarms["refused SIM-0001"]
    assert outbox["quarantined"] >= 1
    intake = one.oracle.status()["intake"]
    assert isinstance(intake, dict)
    assert (intake["stored"], list(intake["refused"])) == (0, [code])
    (kept, *_) = one.reader.refusals.newest(limit=100)
    assert (kept.code, kept.gateway, kept.meter_id) == (code, "roof-pi", meter.meter_id)
    # It tries again with a header of its own, later and later; each is said once, on both sides.
    lines = said(caplog, "header refused")
    assert {(line["code"], line["seq"]) for line in lines} == {(code, 0)}
    assert len({str(line["header"]) for line in lines}) == len(lines) >= 1
    alarmed = [text for record in caplog.records if (text := record.getMessage()).startswith("alarm: meter SIM-0001")]
    assert len(set(alarmed)) == len(alarmed) >= 1


def test_what_would_be_too_large_for_one_bundle_is_split(
    tmp_path: Path, broker: EmbeddedBroker, wired: Callable[..., EdgeToOracle]
) -> None:
    """A hundred batches wait in the outbox when the gateway starts: an hour's outage of a large plant."""
    meter = SignedMeter("SIM-0001", valid_from=DAY_ZERO - 200 * POLL_S)
    of = meter_config(meter, str(UNIT))
    outbox = Outbox(tmp_path / "outbox.sqlite", bytes_max=1 << 30)
    sealing = sealing_of(outbox, [of])
    commissioned = DAY_ZERO - 150 * POLL_S
    sealing.reconcile({of.binding.meter_id: [unknown_head(of)]}, now=commissioned, clock=Status.CLOCK_SYNCHRONISED)
    for slot in range(100):
        at = DAY_ZERO - (100 - slot) * POLL_S
        sealing.append(at, [(meter.binding.meter_id, reading_at(at, 1_000 + slot))])
    waiting = len(outbox.sealed.waiting(1000))
    assert waiting > BUNDLE_ITEMS_MAX
    outbox.close()

    heard: queue.Queue[bytes] = queue.Queue()
    subscribed: queue.Queue[bool] = queue.Queue()

    def on_message(_client: Client, _data: object, message: MQTTMessage) -> None:
        heard.put(bytes(message.payload))

    listener = new_client(BrokerConfig(host="127.0.0.1", port=broker.port), client_id="listener")
    listener.on_message = on_message
    listener.on_subscribe = lambda *_: subscribed.put(item=True)
    listener.connect("127.0.0.1", broker.port)
    listener.loop_start()
    try:
        listener.subscribe(topics.subscription(ASSET, topics.UP), qos=1)
        assert subscribed.get(timeout=WAIT_S)
        one = wired(meter=meter, address=str(UNIT), says=good_inverter, slots=1)
        one.run()
        bundles = [heard.get(timeout=WAIT_S)]
        while sum(len(decode_bundle(payload)) for payload in bundles) < waiting:
            bundles.append(heard.get(timeout=WAIT_S))
    finally:
        listener.disconnect()
        listener.loop_stop()
    assert len(bundles) > 1
    assert all(len(payload) <= BUNDLE_SIZE_MAX for payload in bundles)
    assert all(len(decode_bundle(payload)) <= BUNDLE_ITEMS_MAX for payload in bundles)
    assert one.reader.headers.counts(meter.meter_id).batches >= waiting
    intake = one.oracle.status()["intake"]
    assert isinstance(intake, dict)
    assert (intake["refused"], intake["bundles_refused"]) == ({}, 0)
