"""Meters that a contract settles by itself: documents that the meters' keys sign, in a log of a million entries."""

from typing import Any

from bench.gas.asset import DAYS_PER_PERIOD, Asset
from bench.gas.chain import DAY, Chain
from bench.gas.direct_meter import DirectMeter
from bench.gas.sparse_log import SparseLog
from evidence import log_entry, merkle, tags
from evidence.binding import binding_hash

LOG_SIZE = 1_000_000
METERS = 3
PERIODS = 3
EXPORT_WH, IMPORT_WH = 432_100, 7  # of a meter in a period


class DirectSite:
    """Meters, and the document of each at each boundary, in one log.

    Attributes:
        log: a million entries.
        bindings_root: over what the meters were registered with.
    """

    def __init__(self, *, chain_id: int, first_day: int) -> None:
        self._first_day = first_day
        self._meters = [
            DirectMeter(number, chain_id=chain_id, nameplate_w=10_000, valid_from=first_day * DAY)
            for number in range(METERS)
        ]
        self._bindings = [meter.leaf for meter in self._meters]
        self.bindings_root = merkle.root(self._bindings)
        named = [(meter, boundary) for boundary in range(PERIODS + 1) for meter in range(METERS)]
        self._documents = {key: self._document(*key) for key in named}
        self._places = {key: 123_456 + 1_001 * number for number, key in enumerate(named)}
        leaves = {
            self._places[key]: log_entry.entry_leaf(tags.ENTRY_HEADER, document)
            for key, document in self._documents.items()
        }
        self.log = SparseLog(LOG_SIZE, known=leaves)

    def call(self, meter: int, boundary: int) -> tuple[Any, ...]:
        """What `settle` takes."""
        place = self._places[meter, boundary]
        header = (self._documents[meter, boundary], LOG_SIZE, place, self.log.inclusion(place))
        return boundary, header, (self._meters[meter].record, meter, merkle.inclusion_proof(self._bindings, meter))

    def registers(self, meter: int, boundary: int) -> tuple[int, int]:
        """Export and import in Wh that a meter shows then."""
        return 120_450_000 + meter * 1_000_000 + EXPORT_WH * boundary, 65_432 + IMPORT_WH * boundary

    def binding_hash(self, meter: int) -> bytes:
        """What the contract keeps a meter's register by."""
        return binding_hash(self._meters[meter].record[: tags.BINDING_SIZE])

    def signed(self, boundary: int) -> tuple[bytes, list[bytes], list[bytes]]:
        """Header, signature r and s, and public point x and y, of the last meter."""
        document, point = self._documents[METERS - 1, boundary], self._meters[METERS - 1].public_point
        header, signature = document[:-64], document[-64:]
        return header, [signature[:32], signature[32:]], [point[:32], point[32:]]

    def _document(self, meter: int, boundary: int) -> bytes:
        instant = (self._first_day + boundary * DAYS_PER_PERIOD) * DAY
        export_wh, import_wh = self.registers(meter, boundary)
        return self._meters[meter].document(
            instant, seq0=8_640 * boundary + 3, export_wh=export_wh, import_wh=import_wh
        )


def settled(chain: Chain) -> tuple[Asset, DirectSite, dict[tuple[int, int], int]]:
    """An asset with three meters whose every boundary it has settled itself, and the gas of each by meter and boundary."""
    # An asset's first day is the one after it is made.
    site = DirectSite(chain_id=chain.web3.eth.chain_id, first_day=chain.now // DAY + 1)
    asset = Asset(chain, signers=1, threshold=1, bindings_root=site.bindings_root, meters=METERS, direct=True)
    asset.anchor(LOG_SIZE, site.log.root(), [])
    gas = {}
    for boundary in range(PERIODS + 1):
        asset.to_day(boundary * DAYS_PER_PERIOD)
        chain.travel(chain.now + 60)
        for meter in range(METERS):
            gas[meter, boundary] = chain.send(asset.direct.functions.settle(*site.call(meter, boundary)))
    return asset, site, gas
