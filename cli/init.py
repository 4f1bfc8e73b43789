"""`helioracle init DIR`: a commented set of configuration files, keys and bindings for the example site.

The demo writes its folder with the same function, from a seed instead of the machine's entropy.
"""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

from cli import render, site
from cli.errors import UsageError
from evidence.binding import Binding, Custody, Direction, sign_binding
from evidence.keys import Entropy, FileSigner, private_key_from
from runtime.clock import RealClock
from runtime.key_files import DEMO_MARK, write_secret, write_signer

ETHEREUM_KEYS = ("declarer", "owner", "keeper")
BROKER_PORT = 18_830
API_PORT = 8_430
CHAIN_ID_MAX = 2**53 - 1  # what a wallet can say in JSON
_SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True, slots=True)
class Scaffold:
    """What a folder is made for.

    Attributes:
        folder: where everything goes; must not exist, or be empty.
        chain_id: EIP-155 id of the chain of the contracts.
        first_day: the first settled day, in the site's offset.
        profile: demo or development.
        entropy: gives the bytes of the keys for one purpose.
        api_port: TCP port of the API; 0 picks a free one at every start.
        broker_port: TCP port of the MQTT broker on 127.0.0.1.
        extra_keys: further Ethereum keys to make (the demo's investors).
        sun: what the site replays.
        recording: the CSV itself, which goes into the folder as `sun.recording`; None for a shipped one.
    """

    folder: Path
    chain_id: int
    first_day: date
    profile: str
    entropy: Callable[[str], Entropy]
    api_port: int = API_PORT
    broker_port: int = BROKER_PORT
    extra_keys: tuple[str, ...] = ()
    sun: site.Sun = site.EXAMPLE
    recording: bytes | None = None


def run(arguments: argparse.Namespace) -> int:
    """Write the set and say what to do next.

    Raises:
        UsageError: an option that cannot be followed, or a folder that holds something already.
    """
    if not 1 <= arguments.chain_id <= CHAIN_ID_MAX:
        raise UsageError(f"--chain-id {arguments.chain_id} is not between 1 and {CHAIN_ID_MAX}; 31337 is anvil's")
    zone = timezone(timedelta(seconds=site.EXAMPLE.utc_offset_s))
    if arguments.first_day is None:
        first_day = datetime.fromtimestamp(RealClock().now(), zone).date() + timedelta(days=1)
    else:
        first_day = _day(arguments.first_day)
    write(
        Scaffold(
            folder=arguments.dir,
            chain_id=arguments.chain_id,
            first_day=first_day,
            profile="development",
            entropy=lambda _purpose: os.urandom,
        )
    )
    print(
        f"Wrote {arguments.dir}/: asset.toml sim.toml gateway.toml oracle.toml api.toml keeper.toml, keys/ and bindings/."
    )
    print("Read asset.toml first. Then, each in its own terminal:")
    for command in (
        "helioracle sim broker --port 18830",
        f"helioracle sim run --config {arguments.dir}/sim.toml",
        f"helioracle oracle create --config {arguments.dir}/oracle.toml",
        f"helioracle oracle run --config {arguments.dir}/oracle.toml",
        f"helioracle gateway run --config {arguments.dir}/gateway.toml",
        f"helioracle api run --config {arguments.dir}/api.toml",
    ):
        print(f"  {command}")
    print(
        "So it settles and declares nothing. With a chain: deploy the contracts, uncomment [chain] in oracle.toml, and pay:"
    )
    print("  helioracle asset deploy --help")
    print(f"  helioracle keeper run --config {arguments.dir}/keeper.toml")
    return 0


def _day(text: str) -> date:
    # Python takes 20261201 and 2026-W49-2 as well, some versions more than others.
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise UsageError(f"--first-day {text!r} is not a date such as 2026-12-01")
    return day


def write(scaffold: Scaffold) -> None:
    """Write the folder.

    Raises:
        UsageError: the folder holds something already; nothing is overwritten.
    """
    folder = scaffold.folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not an empty folder; nothing was written")
    for name in ("keys", "bindings", "run", "gateway", "oracle"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    demo = scaffold.profile == "demo"
    installer = _p256(scaffold, "installer", demo=demo)
    oracle = _p256(scaffold, "oracle", demo=demo)
    for name in (*ETHEREUM_KEYS, *scaffold.extra_keys):
        number = int.from_bytes(scaffold.entropy(f"key {name}")(40), "big") % (_SECP256K1_ORDER - 1) + 1
        text = f"0x{number:064x}\n"
        write_secret(folder / "keys" / f"{name}.key", f"{DEMO_MARK}\n{text}" if demo else text)
    sun = scaffold.sun
    zone = timezone(timedelta(seconds=sun.utc_offset_s))
    first_instant = int(datetime.combine(scaffold.first_day, time(), zone).astimezone(UTC).timestamp())
    for meter in site.METERS:
        signer = _p256(scaffold, meter.serial, demo=demo)
        record = sign_binding(_binding(scaffold, meter, signer, installer, first_instant), signer, installer)
        (folder / "bindings" / f"{meter.serial}.hex").write_text(record.hex() + "\n", "ascii")
    (folder / "asset.toml").write_text(
        render.asset(scaffold.chain_id, scaffold.first_day, installer.public_point, sun), "utf-8"
    )
    (folder / "sim.toml").write_text(render.sim(sun), "utf-8")
    if scaffold.recording is not None:
        (folder / sun.recording).write_bytes(scaffold.recording)
    (folder / "gateway.toml").write_text(
        render.gateway(scaffold.profile, oracle.public_point, scaffold.broker_port, sun)
    )
    (folder / "oracle.toml").write_text(render.oracle(scaffold.profile, scaffold.broker_port))
    (folder / "api.toml").write_text(render.api(oracle.public_point, scaffold.api_port))
    (folder / "keeper.toml").write_text(render.keeper(scaffold.profile))


def _p256(scaffold: Scaffold, name: str, *, demo: bool) -> FileSigner:
    key = private_key_from(scaffold.entropy(f"key {name}"))
    write_signer(scaffold.folder / "keys" / f"{name}.key", key, demo=demo)
    return FileSigner(key)


def _binding(
    scaffold: Scaffold, meter: site.SiteMeter, signer: FileSigner, installer: FileSigner, first_instant: int
) -> Binding:
    modulus_num, modulus_den = meter.modulus
    return Binding(
        chain_id=scaffold.chain_id,
        asset=scaffold.sun.asset,
        point=meter.point,
        serial=meter.serial,
        public_point=signer.public_point,
        direction=Direction.FORWARD_IS_EXPORT,
        custody=Custody.FILE,
        multiplier_num=1,
        multiplier_den=1,
        step_wh=meter.step_wh,
        modulus_num=modulus_num,
        modulus_den=modulus_den,
        nameplate_w=meter.nameplate_w(scaffold.sun),
        valid_from=first_instant - 86_400,
        installer_point=installer.public_point,
    )
