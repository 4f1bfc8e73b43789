"""Registration: bindings and terms of the asset file enter ledger and log, once; the same path at every start."""

from evidence import canonical, tags
from oracle.asset_file import AssetFile, BoundMeter
from oracle.ledger.reader import LedgerView
from oracle.ledger.rows import BindingRow
from oracle.ledger.writer import LedgerWriter
from oracle.log.sequencer import Sequencer
from runtime.errors import ConfigError


def register(asset: AssetFile, writer: LedgerWriter, sequencer: Sequencer) -> None:
    """Append the bindings, in file order, and the terms that the log does not hold yet.

    Raises:
        ConfigError: the file belongs to another asset or chain than the ledger, or it contradicts a registered binding.
    """
    with writer.transaction():
        _check(asset, writer.view)
        for meter in asset.meters:
            if writer.view.bindings.by_hash(meter.hash) is None:
                _register_binding(asset, meter, writer, sequencer)
        terms = canonical.encode(asset.terms.document())
        newest = writer.view.log.newest_of(tags.ENTRY_TERMS)
        if newest is None or newest.content != terms:
            sequencer.append_document(tags.ENTRY_TERMS, terms)
    # Durable from here: every header that these bindings allow is judged by what the log says.


def _check(asset: AssetFile, ledger: LedgerView) -> None:
    if asset.terms.asset != ledger.asset:
        raise ConfigError(asset.path, "asset", f"is {asset.terms.asset!r}, the ledger is of {ledger.asset!r}")
    chain_ids = {meter.binding.chain_id for meter in asset.meters}
    if asset.deployment is not None:
        chain_ids.add(asset.deployment.chain_id)
    for chain_id in sorted(chain_ids - {ledger.chain_id}):
        raise ConfigError(
            asset.path, "chain.chain_id", f"{chain_id} is named, the ledger is of chain {ledger.chain_id}"
        )


def _register_binding(asset: AssetFile, meter: BoundMeter, writer: LedgerWriter, sequencer: Sequencer) -> None:
    binding = meter.binding
    for other in writer.view.bindings.of(binding.meter_id):
        if other.valid_from == binding.valid_from:
            raise ConfigError(
                asset.path,
                "meter",
                f"{binding.serial} has another binding from {binding.valid_from} on in the ledger; a binding is replaced by"
                " one that is valid from later",
            )
    writer.bindings.add(
        BindingRow(
            hash=meter.hash,
            meter_id=binding.meter_id,
            serial=binding.serial,
            point=binding.point,
            valid_from=binding.valid_from,
            record=meter.record,
            log_index=sequencer.append_binding(meter.record, meter.hash),
        )
    )
