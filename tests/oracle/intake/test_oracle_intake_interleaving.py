"""However batches are cut into bundles, repeated and reordered: the log ends with each of them once, and nobody is ever refused."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.answer import Code, Verdict
from evidence.bundle import BundleItem
from oracle.ledger.rows import LogEntryRow
from tests.oracle.intake.rig import Rig
from tests.plant.signed_meter import SignedMeter, hash_of

METERS = [SignedMeter("SIM-0001"), SignedMeter("SIM-0002")]
HISTORIES = [
    [METERS[0].first(), METERS[0].batch(2), METERS[0].gap(), METERS[0].batch(1), METERS[0].epoch(), METERS[0].batch(2)],
    [METERS[1].first(), METERS[1].batch(4), METERS[1].batch(1), METERS[1].retire()],
]
ITEMS = [item for history in HISTORIES for item in history]
BY_HASH = {hash_of(item): item for item in ITEMS}

bundles = st.lists(st.lists(st.sampled_from(ITEMS), min_size=1, max_size=6), max_size=6)
drains = st.lists(bundles, max_size=4)


@settings(max_examples=60)
@given(drains=drains, restart_after=st.integers(0, 3))
def test_any_interleaving_ends_in_the_same_log_entries(
    drains: list[list[list[BundleItem]]], restart_after: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        rig = Rig(path, METERS)
        for number, drain in enumerate(drains):
            if number == restart_after:
                root = rig.sequencer.root()
                rig.close()
                rig = Rig(path, METERS)
                assert rig.sequencer.root() == root
            if drain:
                check_answers(rig.send_bundles(drain))
        # What a gateway does until everything is answered: oldest first, again and again.
        for _ in range(len(ITEMS)):
            check_answers([rig.send(*ITEMS)])
        entries = rig.entries()
        in_log = [BY_HASH[ref] for ref in entries if ref in BY_HASH]
        assert len(entries) == len(METERS) + len(ITEMS)
        for history in HISTORIES:
            # In the order of the chain: a header enters only after its prev.
            assert [item for item in in_log if item in history] == history
        assert rig.reader.refusals.counts() == {}
        assert rig.reader.refusals.forks() == []
        stored = rig.reader.log.entries(0, limit=1000)
        assert [entry.log_index for entry in stored] == list(range(len(stored)))
        check_headers_rows(rig, stored)
        rig.close()


def check_answers(answers: list[list[tuple[Verdict, Code]]]) -> None:
    for of_bundle in answers:
        assert {verdict for verdict, _ in of_bundle} <= {Verdict.STORED, Verdict.DUPLICATE, Verdict.RETRY}


def check_headers_rows(rig: Rig, entries: list[LogEntryRow]) -> None:
    for entry in entries:
        row = rig.reader.headers.by_hash(entry.ref)
        if row is not None:
            assert row.log_index == entry.log_index
            item = BY_HASH[entry.ref]
            assert (row.header, row.signature) == (item.header, item.signature)
