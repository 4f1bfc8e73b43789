"""What the tests of a gateway stand on: configured meters, a sealing, readings, heads, and the checks of what was sealed."""

import hashlib
import os
from collections.abc import Callable

from evidence import batch, header
from evidence.binding import Direction
from evidence.head import Head
from evidence.header import Header, Kind
from evidence.keys import Entropy, PublicKey
from evidence.reading import PROFILE_BASIC, Reading
from evidence.status import Status
from gateway.alarms import Alarms
from gateway.boot import Boot
from gateway.core.sealer import CutRule
from gateway.lines.config import MeterConfig
from gateway.outbox import Outbox
from gateway.sealed_batches import Outgoing
from gateway.sealing import SealedMeter, Sealing
from tests.plant.signed_meter import SignedMeter


def entropy_of(name: str) -> Callable[[int], bytes]:
    """Bytes that depend on a name and on how often they were asked for."""
    count = 0

    def draw(size: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.shake_256(f"{name}/{count}".encode()).digest(size)

    return draw


def meter_config(
    serial: str,
    address: str,
    *,
    asset: str = "roof",
    direction: Direction = Direction.FORWARD_IS_EXPORT,
    profile: int = PROFILE_BASIC,
) -> MeterConfig:
    """A configured meter with a key of its own."""
    meter = SignedMeter(
        serial, asset=asset, chain_id=31337, point=f"point-{serial.lower()}", valid_from=0, direction=direction,
        modulus=(2**32, 1), nameplate_w=10_000,
    )  # fmt: skip
    return MeterConfig(
        serial=serial, address=address, signer=meter.signer, binding=meter.binding, binding_hash=meter.binding_hash, profile=profile
    )  # fmt: skip


class Failures:
    """Threads that died; a test that ends with one has failed."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []

    def __call__(self, error: BaseException) -> None:
        self.errors.append(error)


BOOT = Boot(b"boot-of-the-test", lambda: 77)
RULE = CutRule(interval_s=300, cut_every_s=900)


def sealing_of(
    outbox: Outbox, meters: list[MeterConfig], *, entropy: Entropy | None = None, alarms: Alarms | None = None
) -> Sealing:
    """The sealing of a gateway with these meters."""
    return Sealing(
        outbox,
        [
            SealedMeter(
                meter.binding.meter_id,
                meter.serial,
                meter.signer,
                meter.binding_hash,
                meter.binding.direction,
                meter.profile,
            )
            for meter in meters
        ],
        rule=RULE,
        entropy=entropy or os.urandom,
        boot=BOOT,
        alarms=alarms or Alarms(),
    )


def reading_at(time: int, wh: int) -> Reading:
    """A plain good reading."""
    return Reading(time, wh, None, None, Status.CLOCK_SYNCHRONISED | Status.EXPORT_VALID)


def unknown_head(meter: MeterConfig) -> Head:
    """What an oracle says of a meter that it has never heard of."""
    return Head(bytes(20), bytes(16), 1, meter.binding.meter_id, False, 0, 0, bytes(32), None, None)


def known_head(meter: MeterConfig, newest: Header) -> Head:
    """What an oracle says of a meter whose newest header is this."""
    return Head(
        bytes(20), bytes(16), 1, meter.binding.meter_id, True, newest.epoch, newest.next_seq,
        header.header_hash(newest.encode()), newest.export_end_wh, newest.import_end_wh,
    )  # fmt: skip


def ready(sealing: Sealing, *heads_: Head) -> None:
    """Tell a sealing where the oracle stands."""
    sealing.reconcile({head.meter_id: [head] for head in heads_}, now=1, clock=Status.CLOCK_SYNCHRONISED)


def check_headers(meter: MeterConfig, going: list[Outgoing]) -> list[Reading]:
    """Open a meter's batches under its key, each continuing the one before, from the binding on; returns the readings."""
    key = PublicKey(meter.signer.public_point)
    found: list[Reading] = []
    previous: tuple[Header, bytes] | None = None
    for out in going:
        opened = header.open_header(out.item.header, out.item.signature, key)
        if opened.kind is Kind.READINGS and out.item.body:
            found += batch.open_body(opened, out.item.batch_key, out.item.body).readings
        if previous is None:
            header.check_first(meter.binding_hash, opened)
        else:
            header.check_follows(*previous, opened)
        previous = opened, out.header_hash
    return found


def everything_of(outbox: Outbox) -> list[Outgoing]:
    """All batches of an outbox, signed ones and answered ones too."""
    (last,) = outbox._db.connection.execute("SELECT COALESCE(MAX(id), 0) FROM batch").fetchone()
    return outbox.sealed.outgoing(range(1, last + 1))
