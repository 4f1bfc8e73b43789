"""One meter that a contract settles by itself: its binding, and the documents that its key signs at boundaries."""

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec

from evidence import log_entry, tags
from evidence.binding import Binding, Custody, Direction, sign_binding
from evidence.header import Header, Kind, sign_header
from evidence.keys import FileSigner, meter_id_of
from evidence.status import Status

_GOOD = Status.EXPORT_VALID | Status.IMPORT_VALID | Status.POWER_VALID | Status.CLOCK_SYNCHRONISED


class DirectMeter:
    """`number` makes its key, its serial and its point.

    The tests' SignedMeter is not for this: bench does not depend on tests, and what is signed here is a part of the gas snapshot.

    Attributes:
        public_point: of its key.
        record: the signed binding it is registered with.
        leaf: of that record, in the registry's tree.
    """

    def __init__(self, number: int, *, chain_id: int, nameplate_w: int, valid_from: int) -> None:
        self._key = FileSigner(ec.derive_private_key(number + 7, ec.SECP256R1()))
        self.public_point = self._key.public_point
        installer = FileSigner(ec.derive_private_key(99, ec.SECP256R1()))
        binding = Binding(
            chain_id=chain_id,
            asset="asset",
            point=f"inverter-{number}",
            serial=f"SN-000{number}",
            public_point=self.public_point,
            direction=Direction.FORWARD_IS_EXPORT,
            custody=Custody.SEALED,
            multiplier_num=1,
            multiplier_den=1,
            step_wh=10,
            modulus_num=1 << 32,
            modulus_den=1,
            nameplate_w=nameplate_w,
            valid_from=valid_from,
            installer_point=installer.public_point,
        )
        self.record = sign_binding(binding, self._key, installer)
        self.leaf = log_entry.entry_leaf(tags.ENTRY_BINDING, self.record)

    def document(self, boundary: int, *, seq0: int, export_wh: int, import_wh: int) -> bytes:
        """Header and signature of a batch that ends with these registers two seconds after `boundary`, unix seconds."""
        header = Header(
            kind=Kind.READINGS,
            profile=1,
            reason=0,
            meter_id=meter_id_of(self.public_point),
            epoch=0,
            seq0=seq0,
            count=3,
            t0=boundary - 598,
            t1=boundary + 2,
            status_or=_GOOD,
            status_close=_GOOD,
            export_start_wh=export_wh - 123,
            import_start_wh=import_wh,
            export_end_wh=export_wh,
            import_end_wh=import_wh,
            boot_id=sha256(b"boot").digest()[:16],
            monotonic_ms=86_412_345,
            batch_root=sha256(b"batch").digest(),
            prev=sha256(b"prev").digest(),
        )
        encoded, signature = sign_header(header, self._key)
        return encoded + signature
