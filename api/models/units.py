"""What the shapes of all answers are made of.

Integers that can pass 2^53 (money, watt-hours) are decimal strings, times are RFC 3339 in UTC, bytes are 0x-hex.
"""

from typing import Annotated

from pydantic import Field

Hex = Annotated[str, Field(pattern=r"^0x[0-9a-f]*$", description="bytes as lower-case hex")]
Wh = Annotated[str, Field(pattern=r"^-?[0-9]+$", description="watt-hours, a decimal string")]
MinorUnits = Annotated[
    str, Field(pattern=r"^-?[0-9]+$", description="base units of the payment token, a decimal string")
]
Whole = Annotated[str, Field(pattern=r"^-?[0-9]+$", description="a whole number, a decimal string")]
Time = Annotated[str, Field(description="RFC 3339, UTC", examples=["2026-07-01T10:00:00Z"])]
Day = Annotated[str, Field(description="settlement day in the asset's fixed offset", examples=["2026-07-01"])]
