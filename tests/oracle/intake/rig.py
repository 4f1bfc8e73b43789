"""An oracle's intake over a real ledger, without a broker: what a test gives it, it takes, and its answers come back opened."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from evidence import answer
from evidence.answer import Code, Verdict
from evidence.bundle import BundleItem, encode_bundle
from evidence.checkpoint import origin_of
from evidence.keys import PublicKey
from oracle.intake.arrival import Incoming
from oracle.intake.take import Intake
from oracle.intake.verify import Verifier
from oracle.ledger.reader import LedgerReader
from oracle.ledger.sqlite import database
from oracle.ledger.writer import LedgerWriter
from oracle.log.sequencer import Sequencer
from runtime.clock import SteppedClock
from tests.plant.ledger_rows import binding_row
from tests.plant.signed_meter import ASSET, CHAIN_ID, DAY_ZERO, ORACLE, SignedMeter

ORACLE_KEY = PublicKey(ORACLE.public_point)


class Rig:
    """Ledger, sequencer and intake of one asset with the given meters bound."""

    def __init__(self, path: Path, meters: Iterable[SignedMeter], *, refusals_kept: int = 100) -> None:
        if not path.exists():
            database.create(path, asset=ASSET, chain_id=CHAIN_ID)
        self.path = path
        self.world = SteppedClock(DAY_ZERO)
        self.writer = LedgerWriter(path)
        self.reader = LedgerReader(path)
        self.sequencer = Sequencer(self.writer, self.reader, origin=origin_of(CHAIN_ID, ASSET), signer=ORACLE)
        with self.writer.transaction():
            for meter in meters:
                if self.writer.view.bindings.by_hash(meter.binding_hash) is None:
                    index = self.sequencer.append_binding(meter.record, meter.binding_hash)
                    self.writer.bindings.add(binding_row(meter, log_index=index))
        self.verifier = Verifier(self.reader.bindings.all())
        self.intake = Intake(
            writer=self.writer,
            reader=self.reader,
            sequencer=self.sequencer,
            verifier=self.verifier,
            world=self.world,
            signer=ORACLE,
            refusals_kept=refusals_kept,
        )

    def send(self, *items: BundleItem) -> list[tuple[Verdict, Code]]:
        """Send one bundle; the opened answer's verdicts."""
        (answers,) = self.send_bundles([items])
        return answers

    def send_bundles(self, bundles: Sequence[Sequence[BundleItem]]) -> list[list[tuple[Verdict, Code]]]:
        """Send bundles together, as one drain of the inbox."""
        payloads = [encode_bundle(items) for items in bundles]
        answers = []
        for encoded in self.intake.take([Incoming("roof-pi", payload) for payload in payloads]):
            assert encoded is not None
            answers.append([(item.verdict, item.code) for item in answer.open_answer(encoded, ORACLE_KEY).items])
        return answers

    def entries(self) -> list[bytes]:
        """What the log is about, in order: header and binding hashes."""
        return [entry.ref for entry in self.reader.log.entries(0, limit=10_000)]

    def close(self) -> None:
        self.verifier.close()
        self.reader.close()
        self.writer.close()
