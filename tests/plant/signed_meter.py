"""A meter that signs: valid batches made with `evidence`, and every way to break one."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from evidence import batch, header
from evidence import binding as bindings
from evidence.binding import Binding, Custody, Direction
from evidence.bundle import BundleItem, without_body
from evidence.header import ZERO_HASH, EpochReason, GapReason, Header, Kind
from evidence.keys import FileSigner
from evidence.reading import PROFILE_BASIC, Reading
from evidence.status import Status
from oracle.asset_file import BoundMeter
from tests.plant.signer import signer_of

ASSET = "serf-east"
CHAIN_ID = 131277322940537
DAY_ZERO = 1_750_032_000  # 2025-06-16T00:00:00Z
GOOD = Status.EXPORT_VALID | Status.POWER_VALID | Status.CLOCK_SYNCHRONISED


INSTALLER = signer_of("installer")
ORACLE = signer_of("oracle")


class SignedMeter:
    """One meter: `sealed` items continue one another; `make` signs whatever header it is told to."""

    def __init__(
        self,
        serial: str,
        *,
        asset: str = ASSET,
        chain_id: int = CHAIN_ID,
        point: str = "roof-1",
        start_wh: int = 1000,
        valid_from: int = DAY_ZERO,
        direction: Direction = Direction.FORWARD_IS_EXPORT,
        multiplier: tuple[int, int] = (1, 1),
        step_wh: int = 1,
        modulus: tuple[int, int] = (10**12, 1),
        nameplate_w: int = 6000,
    ) -> None:
        self.serial = serial
        self.signer = signer_of(serial)
        self.binding = Binding(
            chain_id=chain_id,
            asset=asset,
            point=point,
            serial=serial,
            public_point=self.signer.public_point,
            direction=direction,
            custody=Custody.FILE,
            multiplier_num=multiplier[0],
            multiplier_den=multiplier[1],
            step_wh=step_wh,
            modulus_num=modulus[0],
            modulus_den=modulus[1],
            nameplate_w=nameplate_w,
            valid_from=valid_from,
            installer_point=INSTALLER.public_point,
        )
        self.record = bindings.sign_binding(self.binding, self.signer, INSTALLER)
        self.binding_hash = bindings.binding_hash(self.binding.encode())
        self.time = valid_from
        self.register_wh = start_wh
        self.newest: Header | None = None
        self.newest_hash = self.binding_hash

    @property
    def meter_id(self) -> bytes:
        return self.binding.meter_id

    @property
    def bound(self) -> BoundMeter:
        """As the oracle has it from the asset file."""
        return BoundMeter(self.record, self.binding_hash, self.binding)

    @property
    def registers(self) -> tuple[int | None, int | None]:
        """Export and import, Wh, where the newest header ends."""
        return (self.newest.export_end_wh, self.newest.import_end_wh) if self.newest else (None, None)

    def next_header(
        self,
        kind: Kind,
        *,
        reason: int = 0,
        time: int | None = None,
        registers: tuple[int | None, int | None] | None = None,
    ) -> Header:
        """The header without readings that continues the newest one; at another time or register than the meter's, if given."""
        last = self.newest
        at = self.time if time is None else time
        export_wh, import_wh = self.registers if registers is None else registers
        is_epoch = kind is Kind.EPOCH
        return Header(
            kind=kind,
            profile=PROFILE_BASIC,
            reason=reason,
            meter_id=self.binding.meter_id,
            epoch=(last.epoch + is_epoch) if last else 0,
            seq0=0 if is_epoch or last is None else last.next_seq,
            count=0,
            t0=at,
            t1=at,
            status_or=Status.CLOCK_SYNCHRONISED,
            status_close=Status.CLOCK_SYNCHRONISED,
            export_start_wh=export_wh,
            import_start_wh=import_wh,
            export_end_wh=export_wh,
            import_end_wh=import_wh,
            boot_id=bytes(16),
            monotonic_ms=0,
            batch_root=ZERO_HASH,
            prev=self.newest_hash,
        )

    def readings(self, count: int, *, poll_s: int = 300, step_wh: int = 25) -> list[Reading]:
        """The next readings; moves the meter on."""
        made = []
        for _ in range(count):
            self.time += poll_s
            self.register_wh += step_wh
            made.append(Reading(self.time, self.register_wh, None, 12 * step_wh, GOOD))
        return made

    def make(self, stated: Header, records: Sequence[bytes] = (), *, signer: FileSigner | None = None) -> BundleItem:
        """Sign a header as it is; the batch key is of the header's place."""
        encoded, signature = header.sign_header(stated, signer or self.signer)
        if not records:
            return without_body(encoded, signature)
        return BundleItem(encoded, signature, self.batch_key(stated.epoch, stated.seq0), b"".join(records))

    def batch_key(self, epoch: int, seq0: int) -> bytes:
        return hashlib.sha256(f"{self.serial} {epoch} {seq0}".encode()).digest()

    def header_over(self, readings: Sequence[Reading]) -> tuple[Header, list[bytes]]:
        """The header of readings that continues the newest one, and their records."""
        base = self.next_header(Kind.READINGS)
        records = [r.encode() for r in readings]
        facts = batch.summary((base.export_start_wh, base.import_start_wh), readings)
        root = batch.batch_root(self.batch_key(base.epoch, base.seq0), records)
        return replace(base, profile=readings[0].profile, batch_root=root, **facts), records  # type: ignore[arg-type] # summary's fields are the header's

    def keep(self, item: BundleItem) -> BundleItem:
        """Make an item the newest one, so that the next continues it."""
        self.newest = header.decode(item.header)
        self.newest_hash = header.header_hash(item.header)
        return item

    def first(self) -> BundleItem:
        """The commissioning header."""
        return self.keep(self.make(self.next_header(Kind.EPOCH, reason=EpochReason.COMMISSIONED)))

    def batch(self, count: int = 3) -> BundleItem:
        """The next batch of readings."""
        return self.keep(self.make(*self.header_over(self.readings(count))))

    def epoch(self, reason: EpochReason = EpochReason.COUNTER_STORE_LOST) -> BundleItem:
        """A new epoch."""
        return self.keep(self.make(self.next_header(Kind.EPOCH, reason=reason)))

    def gap(self) -> BundleItem:
        """A stated gap."""
        return self.keep(self.make(self.next_header(Kind.GAP, reason=GapReason.GATEWAY_OFF)))

    def retire(self) -> BundleItem:
        """The end."""
        return self.keep(self.make(self.next_header(Kind.RETIRE)))

    def history(self, batches: int, *, count: int = 3) -> list[BundleItem]:
        """The commissioning header and so many batches."""
        return [self.first(), *(self.batch(count) for _ in range(batches))]


def hash_of(item: BundleItem) -> bytes:
    """The header hash of an item."""
    return header.header_hash(item.header)
