"""Everything an oracle needs on disk: asset file, bindings, key, ledger, and the TOML that names them."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path

from oracle.ledger.sqlite import database
from runtime.key_files import write_signer
from tests.plant.signed_meter import ASSET, CHAIN_ID, DAY_ZERO, INSTALLER, SignedMeter
from tests.plant.signer import private_key_of

ASSET_TOML = """
asset = "{asset}"
name = "Serf East"
utc_offset = "+00:00"
poll_interval_s = 300
check_tolerance_ppm = 20000
installer_point = "{installer}"
[periods]
first_day = {first_day}
days = 1
[money]
symbol = "USDC"
decimals = 6
[[tariff]]
name = "flat"
price_per_kwh = 0.08
[chain]
chain_id = {chain_id}
{contracts}
"""
METER_TOML = """
[[point]]
id = "{point}"
role = "generation"
meters = ["{serial}"]
tariff = "flat"
[[meter]]
serial = "{serial}"
binding = "{serial}.hex"
"""
ORACLE_TOML = """
profile = "development"
asset_file = "asset.toml"
ledger = "ledger.sqlite"
key = "oracle.pem"
[broker]
host = "127.0.0.1"
port = {port}
"""


def write_site(
    folder: Path,
    meters: Iterable[SignedMeter],
    *,
    port: int,
    ledger: bool = True,
    first_day: int = DAY_ZERO // 86_400,
    contracts: Mapping[str, str] | None = None,
) -> Path:
    """Write an oracle's files and return the path of its TOML; a key that is there already stays."""
    text = ASSET_TOML.format(
        asset=ASSET,
        installer=INSTALLER.public_point.hex(),
        chain_id=CHAIN_ID,
        first_day=date(1970, 1, 1) + timedelta(days=first_day),
        contracts="\n".join(f'{name} = "{address}"' for name, address in (contracts or {}).items()),
    )
    for meter in meters:
        text += METER_TOML.format(point=meter.binding.point, serial=meter.serial)
        (folder / f"{meter.serial}.hex").write_text(meter.record.hex())
    (folder / "asset.toml").write_text(text)
    if not (folder / "oracle.pem").exists():
        write_signer(folder / "oracle.pem", private_key_of("oracle of a site"), demo=False)
    (folder / "oracle.toml").write_text(ORACLE_TOML.format(port=port))
    if ledger:
        database.create(folder / "ledger.sqlite", asset=ASSET, chain_id=CHAIN_ID)
    return folder / "oracle.toml"
