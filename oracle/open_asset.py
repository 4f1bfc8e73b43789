"""One asset at work: what it earns by, which meters it has, and where its ledger, log and time are."""

from dataclasses import dataclass

from oracle.asset_file import BoundMeter
from oracle.core.terms import AssetTerms
from oracle.ledger.reader import LedgerReader
from oracle.ledger.writer import LedgerWriter
from oracle.log.sequencer import Sequencer
from runtime.clock import WorldClock


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAsset:
    """What settling and declaring need of an asset; `oracle.service` opens and closes the parts.

    Attributes:
        terms: what a settlement depends on besides data.
        meters: the bindings of the asset file, in file order.
        reader: the ledger, read-only.
        writer: the ledger.
        sequencer: the log.
        world: the clock of readings and periods; stamps rows and checkpoints.
    """

    terms: AssetTerms
    meters: tuple[BoundMeter, ...]
    reader: LedgerReader
    writer: LedgerWriter
    sequencer: Sequencer
    world: WorldClock
