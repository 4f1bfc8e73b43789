"""Money as people write it."""


def format_amount(minor: int, decimals: int) -> str:
    """Minor units as a decimal number with all its decimals: (1270000, 6) is 1.270000."""
    whole, rest = divmod(minor, 10**decimals)
    return f"{whole}.{rest:0{decimals}d}" if decimals else f"{whole}"
