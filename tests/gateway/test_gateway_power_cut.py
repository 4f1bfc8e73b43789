"""A real process is killed (SIGKILL) at every crash point; the next one finds what was said to be durable, and goes on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from evidence import header
from gateway.outbox import Outbox
from tests.plant.edge_site import check_headers, everything_of, known_head, meter_config, reading_at, ready, sealing_of

METER = meter_config("INV-1", "1")
ROOT = Path(__file__).parents[2]


def killed_at(point: str, path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.gateway.power_cut_child", str(path), point],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize(
    ("point", "slots", "batches", "unsigned"),
    [
        ("readings durable", 5, 2, 0),  # epoch, 300-900; 1200 and 1500 are open
        ("inside the transaction", 5, 2, 0),  # the whole cycle of 1800 never was
        ("sealed and unsigned", 6, 3, 1),
        ("signed and unsent", 6, 3, 0),
        ("answer before its commit", 6, 3, 0),
        ("answer after its commit", 6, 3, 0),
    ],
)
def test_after_a_power_cut_nothing_durable_is_lost_and_the_chain_goes_on(
    tmp_path: Path, point: str, slots: int, batches: int, unsigned: int
) -> None:
    path = tmp_path / "outbox.sqlite"
    killed_at(point, path)
    outbox = Outbox(path, bytes_max=1 << 30)
    assert len(everything_of(outbox)) == batches
    pending = outbox.sealed.unsigned()
    assert len(pending) == unsigned
    assert outbox.sealed.unanswered_count() == batches - (point == "answer after its commit")

    # What is sealed is signed as it stands: the same bytes, never cut again.
    sealing = sealing_of(outbox, [METER])
    sealing.sign_pending()
    signed = everything_of(outbox)
    assert outbox.sealed.unsigned() == []
    assert {item.header for item in pending} <= {out.item.header for out in signed}

    first = header.decode(signed[0].item.header)
    ready(sealing, known_head(METER, first))
    for slot in range((slots + 1) * 300, 3000, 300):
        sealing.append(slot, [(METER.binding.meter_id, reading_at(slot, slot))])
    readings = check_headers(METER, everything_of(outbox))
    assert [reading.time for reading in readings] == list(range(300, 3000, 300))
    outbox.close()
