"""How fast batches are opened (signature, salted root, every field), beside bare P-256 verification in the same run.

    .venv/bin/python bench/bench_verify.py [batches]

One thread, no broker, no database: the part of intake that is arithmetic.
"""

import sys
import time

from evidence import header as headers
from evidence.batch import batch_root, open_batch, summary
from evidence.header import Header, Kind
from evidence.keys import FileSigner, PublicKey, private_key_from
from evidence.reading import Reading
from evidence.status import Status

STATUS = Status.EXPORT_VALID | Status.POWER_VALID | Status.CLOCK_SYNCHRONISED


def _batch(signer: FileSigner, count: int) -> tuple[bytes, bytes, bytes, bytes]:
    key = bytes(range(32))
    readings = [Reading(1_800_000_000 + 300 * i, 12_000_000 + i, None, 4_000, STATUS) for i in range(count)]
    records = [reading.encode() for reading in readings]
    header = Header(
        kind=Kind.READINGS,
        profile=1,
        reason=0,
        meter_id=PublicKey(signer.public_point).meter_id,
        epoch=0,
        seq0=0,
        export_start_wh=12_000_000,
        import_start_wh=None,
        boot_id=bytes(16),
        monotonic_ms=1,
        batch_root=batch_root(key, records),
        prev=bytes(32),
        **summary((12_000_000, None), readings),  # type: ignore[arg-type]  # a header's own fields, by name
    )
    encoded, signature = headers.sign_header(header, signer)
    return encoded, signature, key, b"".join(records)


def main(batches: int) -> None:
    """Print readings a second for several batch sizes, each with its ratio to bare verification."""
    signer = FileSigner(private_key_from(lambda size: bytes(range(1, size + 1))))
    key = PublicKey(signer.public_point)
    encoded, signature, _, _ = _batch(signer, 1)
    started = time.perf_counter()
    for _ in range(batches):
        key.open(encoded, signature, what="bench")
    bare = batches / (time.perf_counter() - started)
    print(f"bare P-256 verification: {bare:,.0f} a second")
    for count in (1, 12, 96, 288):
        batch = _batch(signer, count)
        rounds = max(1, batches // count)
        started = time.perf_counter()
        for _ in range(rounds):
            open_batch(*batch, key)
        rate = rounds * count / (time.perf_counter() - started)
        print(f"{count:4} readings a batch: {rate:10,.0f} readings a second, {rate / bare:6.2f} x bare verification")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
