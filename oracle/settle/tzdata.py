"""Which version of the time zone database this machine reads: a statement over tariff bands names it."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import TZPATH


def tzdata_version() -> str:
    """The version of the time zone database that `zoneinfo` reads here: the system's, else the package's; empty if neither says."""
    for folder in TZPATH:
        source = Path(folder, "tzdata.zi")
        if source.is_file():
            with source.open(encoding="ascii", errors="replace") as text:
                return text.readline().removeprefix("# version").strip()
    try:
        return version("tzdata")
    except PackageNotFoundError:
        return ""
