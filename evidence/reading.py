"""A reading: one meter's registers and status at one poll slot, as fixed big-endian bytes (spec/reading.md).

Registers stand as the meter shows them: cumulative, without multiplier, never unwrapped.
"""

import struct
from dataclasses import dataclass

from evidence import status as st
from evidence.errors import Malformed
from evidence.status import Status
from evidence.tags import ABSENT_POWER, ABSENT_U64, U63_MAX

_PROFILE_1 = struct.Struct(">QQQiI")
_TARIFFS = struct.Struct(">8Q")
TARIFF_COUNT = 8
# Plain integers, because decoding is the hot path of intake, and one operation on an IntFlag costs as much as all other steps of it.
_EXPORT_BIT, _IMPORT_BIT = int(Status.EXPORT_VALID), int(Status.IMPORT_VALID)
_POWER_BIT, _TARIFFS_BIT = int(Status.POWER_VALID), int(Status.TARIFFS_VALID)

PROFILE_BASIC = 1
PROFILE_TARIFFS = 2
PROFILE_ORIGINAL = 3

RECORD_SIZES: dict[int, int] = {
    PROFILE_BASIC: _PROFILE_1.size,
    PROFILE_TARIFFS: _PROFILE_1.size + _TARIFFS.size,
    PROFILE_ORIGINAL: _PROFILE_1.size + 32,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One poll slot of one meter.

    Attributes:
        time: UTC unix seconds when the answer or the time-out ended.
        export_wh: register of energy that left towards the grid, or None where the status word says that it is absent.
        import_wh: register of energy taken from the grid, or None.
        power_w: signed active power, or None.
        status: which values are valid, how good the clock was, what went wrong.
        tariffs_wh: profile 2: export T1..T4, then import T1..T4, each a register or None; else empty.
        original_hash: profile 3: SHA-256 of the attached original record; else empty.
    """

    time: int
    export_wh: int | None
    import_wh: int | None
    power_w: int | None
    status: Status
    tariffs_wh: tuple[int | None, ...] = ()
    original_hash: bytes = b""

    @property
    def profile(self) -> int:
        """The layout in which this reading is encoded."""
        if self.original_hash:
            return PROFILE_ORIGINAL
        return PROFILE_TARIFFS if self.tariffs_wh else PROFILE_BASIC

    def encode(self) -> bytes:
        """The 32, 96 or 64 bytes that are hashed into the batch.

        Raises:
            Malformed: a value and its valid bit disagree, or a value does not fit its field.
        """
        for value, bit in (
            (self.export_wh, Status.EXPORT_VALID),
            (self.import_wh, Status.IMPORT_VALID),
            (self.power_w, Status.POWER_VALID),
        ):
            if (value is None) is bool(self.status & bit):
                raise Malformed("reading", f"{bit.name} and the value {value} disagree")
        st.parse(int(self.status))
        try:
            record = _PROFILE_1.pack(
                self.time,
                _register(self.export_wh),
                _register(self.import_wh),
                ABSENT_POWER if self.power_w is None else self.power_w,
                int(self.status),
            )
            if self.profile == PROFILE_TARIFFS:
                if bool(self.status & Status.TARIFFS_VALID) is all(t is None for t in self.tariffs_wh):
                    raise Malformed("reading", "TARIFFS_VALID and the tariff registers disagree")
                record += _TARIFFS.pack(*(_register(t) for t in self.tariffs_wh))
        except struct.error as error:
            raise Malformed("reading", f"a value does not fit its field ({error})") from None
        if self.profile == PROFILE_ORIGINAL and len(self.original_hash) != 32:
            raise Malformed("reading", f"the hash of the original has {len(self.original_hash)} bytes, 32 expected")
        record += self.original_hash
        if decode(record, self.profile) != self:
            raise Malformed("reading", "a field and the status word disagree, or belong to two profiles")
        return record


def decode(record: bytes, profile: int) -> Reading:
    """The one reading that these bytes are.

    Raises:
        Malformed: unknown profile, wrong length, reserved bits, a value that contradicts its valid bit, or a value of 2^63 or more.
    """
    size = RECORD_SIZES.get(profile)
    if size is None:
        raise Malformed("reading", f"profile {profile} is unknown")
    if len(record) != size:
        raise Malformed("reading", f"{len(record)} bytes, {size} expected in profile {profile}")
    time, export, imported, power, word = _PROFILE_1.unpack_from(record)
    if time > U63_MAX:
        raise Malformed("reading", f"time {time} is not below 2^63")
    status = st.parse(word)
    tariffs: tuple[int | None, ...] = ()
    original = b""
    if profile == PROFILE_TARIFFS:
        tariffs = tuple(map(_optional, _TARIFFS.unpack_from(record, _PROFILE_1.size)))
        if bool(word & _TARIFFS_BIT) is all(t is None for t in tariffs):
            raise Malformed("reading", "TARIFFS_VALID and the tariff registers disagree")
    elif word & _TARIFFS_BIT:
        raise Malformed("reading", f"TARIFFS_VALID is set in profile {profile}, which has no tariff registers")
    if profile == PROFILE_ORIGINAL:
        original = record[_PROFILE_1.size :]
        if not any(original):
            raise Malformed("reading", "the hash of the original is all zeros")
    if not word & _POWER_BIT and power != ABSENT_POWER:
        raise Malformed("reading", f"power is absent, but its bytes hold {power}")
    return Reading(
        time=time,
        export_wh=_present(export, word, _EXPORT_BIT),
        import_wh=_present(imported, word, _IMPORT_BIT),
        power_w=power if word & _POWER_BIT else None,
        status=status,
        tariffs_wh=tariffs,
        original_hash=original,
    )


def _register(value: int | None) -> int:
    if value is None:
        return ABSENT_U64
    if value > U63_MAX:
        raise Malformed("reading", f"the register {value} is not below 2^63")
    return value


def _optional(value: int) -> int | None:
    if value == ABSENT_U64:
        return None
    return _register(value)


def _present(value: int, word: int, bit: int) -> int | None:
    if bool(word & bit) is (value == ABSENT_U64):
        raise Malformed("reading", f"{Status(bit).name} and the register {value:#x} disagree")
    return _optional(value)
