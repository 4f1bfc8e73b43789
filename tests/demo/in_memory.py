"""The pipeline without its wires: the simulator's registers, the gateway's sealer, the oracle's intake, ledger, log and settlement.

What runs is what `helioracle sim|gateway|oracle run` run; only ptys, broker and chain are left out, and time is a loop.
"""

from collections.abc import Iterator
from pathlib import Path

import firmware_sim.config
from cli import init, site
from cli.demo.options import Replayed
from cli.demo.seed import seeded_entropy
from cli.demo.stage import days_after
from evidence.bundle import BundleItem, encode_bundle
from evidence.bundle import split as split_bundle
from evidence.keys import Signer
from evidence.reading import Reading
from evidence.status import Status
from evidence.units import SettlementDay
from firmware_sim.core.replay import Counting, Replay
from firmware_sim.service import SimService
from gateway.core import sealer
from oracle import asset_file
from oracle.intake.arrival import Incoming
from oracle.intake.take import Intake
from oracle.intake.verify import Verifier
from oracle.ledger.reader import LedgerReader
from oracle.ledger.sqlite import database
from oracle.ledger.writer import LedgerWriter
from oracle.log.sequencer import Sequencer
from oracle.open_asset import OpenAsset
from oracle.registry.registration import register
from oracle.settle.settle_pass import SettlePass
from runtime.clock import SteppedClock
from runtime.key_files import read_signer

_CHAIN_ID = 31337
_DAY_S = 86_400
_BOOT = bytes(16)


def settled_wh(folder: Path, replayed: Replayed, *, chain_now: int) -> dict[str, int]:
    """Run the days through and return what each point is settled with, in Wh; every day is settled, or this raises."""
    sun = replayed.sun
    days = days_after(chain_now, sun)
    init.write(
        init.Scaffold(
            folder=folder,
            chain_id=_CHAIN_ID,
            first_day=days.first,
            profile="demo",
            entropy=lambda purpose: seeded_entropy(1, purpose),
            sun=sun,
            recording=replayed.recording,
        )
    )
    asset = asset_file.load(folder / "asset.toml")
    ledger = folder / "oracle" / "ledger.sqlite"
    world = SteppedClock(days.end)
    database.create(ledger, asset=sun.asset, chain_id=_CHAIN_ID)
    signer = read_signer(folder / "keys" / "oracle.key", field="key", profile="demo")
    with LedgerWriter(ledger) as writer, LedgerReader(ledger) as reader:
        sequencer = Sequencer(writer, reader, origin="helioracle/in-memory", signer=signer)
        register(asset, writer, sequencer)
        verifier = Verifier(reader.bindings.all())
        intake = Intake(
            writer=writer,
            reader=reader,
            sequencer=sequencer,
            verifier=verifier,
            world=world,
            signer=signer,
            refusals_kept=100,
        )
        replay = SimService(firmware_sim.config.load(folder / "sim.toml"), SteppedClock(days.start - _DAY_S)).replay
        assert (replay.start, replay.end) == (days.start, days.end)
        bundles = [
            encode_bundle(items)
            for meter in site.METERS
            for items in split_bundle(list(_sealed(folder, asset, meter, replay, sun)))
        ]
        intake.take([Incoming("in-memory", bundle) for bundle in bundles])
        verifier.close()
        status = intake.status()
        assert not status["refused"], status
        SettlePass(
            OpenAsset(
                terms=asset.terms, meters=asset.meters, reader=reader, writer=writer, sequencer=sequencer, world=world
            )
        ).run()
        first = asset.terms.first_day
        periods = reader.settlement.periods(limit=1000)
        assert [period.state for period in periods] == ["settled"] * sun.days
        rows = reader.settlement.point_days(first, SettlementDay(first + sun.days))
    assert all(row.estimated_wh == 0 for row in rows)
    return {meter.point: sum(row.export_wh for row in rows if row.point == meter.point) for meter in site.METERS}


def _sealed(
    folder: Path, asset: asset_file.AssetFile, meter: site.SiteMeter, replay: Replay, sun: site.Sun
) -> Iterator[BundleItem]:
    """Every header of one meter, signed, with its body: polled at every slot of the days, closing boundary included."""
    bound = next(bound for bound in asset.meters if bound.binding.serial == meter.serial)
    signer: Signer = read_signer(folder / "keys" / f"{meter.serial}.key", field="key", profile="demo")
    counting = Counting(meter.weight_ppm, meter.start_wh, meter.step_wh)
    modulus_num, modulus_den = meter.modulus
    rule = sealer.CutRule(sun.poll_interval_s, sun.cut_every_s)
    entropy = seeded_entropy(1, f"batch keys {meter.serial}")
    moment = sealer.Moment(replay.start, _BOOT, 0, Status.CLOCK_SYNCHRONISED)
    opening, state = sealer.commission(bound.binding.meter_id, 1, bound.hash, moment)
    yield _item(opening, signer)
    open_readings = [
        sealer.OpenReading(
            slot,
            _BOOT,
            (slot - replay.start) * 1000,
            Reading(
                slot,
                counting.register_wh(replay.energy_ws(slot)) % (modulus_num // modulus_den),
                None,
                None,
                Status.EXPORT_VALID | Status.CLOCK_SYNCHRONISED,
            ),
        )
        for slot in range(replay.start, replay.end + 1, sun.poll_interval_s)
    ]
    for group in sealer.split(open_readings, rule, final=False):
        for sealed, after in sealer.seal(state, group, rule, entropy):
            state = after
            yield _item(sealed, signer)


def _item(sealed: sealer.Sealed, signer: Signer) -> BundleItem:
    return BundleItem(sealed.encoded, signer.sign(sealed.encoded), sealed.batch_key, sealed.body)
