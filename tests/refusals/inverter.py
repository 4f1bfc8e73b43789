"""One inverter on the line, and what it says when all is well."""

from collections.abc import Callable

from meters import modbus_rtu, sunspec
from tests.plant.signed_meter import DAY_ZERO
from tests.refusals.edge_to_oracle import POLL_S

UNIT = 7
COMMON = {"Mn": "helioracle", "Md": "sim", "SN": "SIM-1"}


def register_wh(now: int) -> int:
    """What the meter shows: 1 kWh more every hour."""
    return 1_000_000 + (now - DAY_ZERO) // POLL_S * 1000


def inverter(wh: int, *, unit: int = UNIT) -> Callable[[bytes], bytes]:
    image = sunspec.build_image(COMMON, {"WH": wh, "WH_SF": 0, "W": 1000, "W_SF": 0})

    def answer(request: bytes) -> bytes:
        at, count = int.from_bytes(request[2:4], "big") - sunspec.BASE, int.from_bytes(request[4:6], "big")
        return modbus_rtu.encode_read_answer(unit, image[at : at + count])

    return answer


def good_inverter(request: bytes, now: int) -> bytes:
    return inverter(register_wh(now))(request)
