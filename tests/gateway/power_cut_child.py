"""A gateway's sealing that is killed at a given point; run as a script by test_gateway_power_cut.

Arguments: path of the outbox, name of the point. It polls one meter at 300, 600, ... and never comes back.
"""

import os
import signal
import sys
from pathlib import Path

from evidence.keys import Entropy
from gateway.outbox import Outbox
from tests.plant.edge_site import meter_config, reading_at, ready, sealing_of, unknown_head
from tests.plant.signer import signer_of

METER = meter_config("INV-1", "1")
ORACLE = b"o" * 20


def die(*_args: object, **_kwargs: object) -> None:
    """What a power cut does: nothing more happens, not even a clean-up."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_after(count: int) -> Entropy:
    """Entropy that is cut off: the process dies while it seals the batch with this number, inside the transaction."""
    drawn = 0

    def draw(size: int) -> bytes:
        nonlocal drawn
        drawn += 1
        if drawn == count:
            die()
        return os.urandom(size)

    return draw


def main() -> None:
    """Poll until the point is reached."""
    path, point = Path(sys.argv[1]), sys.argv[2]
    outbox = Outbox(path, bytes_max=1 << 30)
    sealing = sealing_of(outbox, [METER], entropy=die_after(2) if point == "inside the transaction" else None)
    ready(sealing, unknown_head(METER))
    for slot in range(300, 3000, 300):
        if slot == 1800 and point == "sealed and unsigned":
            # The transaction with the sealed batch is committed; the first signature is what never happens.
            type(signer_of("any")).sign = die  # type: ignore[assignment,method-assign] # the end of this process
        sealing.append(slot, [(METER.binding.meter_id, reading_at(slot, slot))])
        if slot == 1500 and point == "readings durable":
            die()
        if slot == 1800 and point == "signed and unsent":
            die()
        if slot == 1800 and point.startswith("answer"):
            (first, *_) = outbox.sealed.outgoing([1])
            if point == "answer before its commit":
                with outbox.transaction():
                    outbox.sealed.put_stored(first.header_hash, ORACLE, required=1, at=1)
                    die()
            outbox.sealed.put_stored(first.header_hash, ORACLE, required=1, at=1)
            die()
    raise SystemExit(f"never reached: {point}")


if __name__ == "__main__":
    main()
