"""Types that name units, and divisions whose names say how they round.

Every quantity of energy and money in helioracle is an integer of one of these types, and is divided by the functions below only.
"""

from typing import NewType

WattHours = NewType("WattHours", int)
Minor = NewType("Minor", int)  # base units of the payment token: 1 USDC is 1_000_000
UnixSeconds = NewType("UnixSeconds", int)
SettlementDay = NewType("SettlementDay", int)  # days since 1970-01-01 in the asset's fixed UTC offset

SECONDS_PER_DAY = 86_400
WATT_HOURS_PER_KWH = 1_000


def div_floor(numerator: int, denominator: int) -> int:
    """Divide, rounding towards minus infinity.

    Raises:
        ZeroDivisionError: the denominator is 0.
        ValueError: the denominator is negative; a quotient of money or energy never has one.
    """
    if denominator < 0:
        raise ValueError(f"denominator {denominator} is negative")
    return numerator // denominator


def div_ceil(numerator: int, denominator: int) -> int:
    """Divide, rounding towards plus infinity; errors as `div_floor`."""
    return -div_floor(-numerator, denominator)


def div_exact(numerator: int, denominator: int) -> int:
    """Divide where the remainder must be 0.

    Raises:
        ValueError: the remainder is not 0, or the denominator is negative.
    """
    quotient, rest = divmod(numerator, denominator)
    if rest or denominator < 0:
        raise ValueError(f"{numerator} is not a whole multiple of {denominator}")
    return quotient
