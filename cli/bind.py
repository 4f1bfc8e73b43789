"""`helioracle gateway bind`: make a meter's key and the binding that it and the installer sign (spec/binding.md)."""

import argparse
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from cli.errors import UsageError
from cli.init import CHAIN_ID_MAX
from evidence.binding import Binding, Custody, Direction, sign_binding
from evidence.errors import EvidenceError
from evidence.keys import FileSigner, private_key_from
from meters import dlt645, sunspec
from runtime.clock import RealClock
from runtime.key_files import read_signer, write_signer

T = TypeVar("T")
NAMEPLATE_W_MAX = 2**32 - 1
_PROFILE = "development"  # keys in files: production seals them in hardware, which binds with its own tool


def run(arguments: argparse.Namespace) -> int:
    """Write the key, unless the file exists, and the record; nothing is overwritten.

    Raises:
        UsageError: an option that makes no binding, or a record that is there already.
    """
    if arguments.out.exists():
        raise UsageError(f"{arguments.out} is there already; a new binding gets a new file and is valid from later")
    # Before the key: a mistake must not leave one behind.
    if not 1 <= arguments.chain_id <= CHAIN_ID_MAX:
        raise UsageError(f"--chain-id {arguments.chain_id} is not between 1 and {CHAIN_ID_MAX}")
    if not 1 <= arguments.nameplate_w <= NAMEPLATE_W_MAX:
        raise UsageError(f"--nameplate-w {arguments.nameplate_w} is not between 1 and {NAMEPLATE_W_MAX}")
    installer = read_signer(arguments.installer_key, field="--installer-key", profile=_PROFILE)
    step_wh, modulus_num, modulus_den = _register(arguments.protocol, arguments.scale_factor)
    multiplier_num, multiplier_den = _option(arguments.multiplier, "--multiplier", "a ratio such as 40 or 60/5", _ratio)
    valid_from = (
        RealClock().now()
        if arguments.valid_from is None
        else _option(arguments.valid_from, "--valid-from", "a time such as 2026-12-01T00:00:00Z", _instant)
    )
    signer = _signer(arguments.key)
    binding = Binding(
        chain_id=arguments.chain_id,
        asset=arguments.asset_id,
        point=arguments.point,
        serial=arguments.serial,
        public_point=signer.public_point,
        direction=Direction.FORWARD_IS_IMPORT if arguments.forward == "import" else Direction.FORWARD_IS_EXPORT,
        custody=Custody.FILE,
        multiplier_num=multiplier_num,
        multiplier_den=multiplier_den,
        step_wh=step_wh,
        modulus_num=modulus_num,
        modulus_den=modulus_den,
        nameplate_w=arguments.nameplate_w,
        valid_from=valid_from,
        installer_point=installer.public_point,
    )
    try:
        record = sign_binding(binding, signer, installer)
    except EvidenceError as error:
        raise UsageError(f"this makes no binding: {error}") from None
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(record.hex() + "\n", "ascii")
    print(
        f"Bound {arguments.serial} to point {arguments.point} with meter id {binding.meter_id.hex()} in {arguments.out}."
    )
    print(f'The asset file needs installer_point = "{installer.public_point.hex()}",')
    print(
        f'a [[meter]] with serial = "{arguments.serial}" and the path of this binding, and a [[point]] that names the serial.'
    )
    print(
        "The gateway's file needs `key` and `binding` in this meter's [[line.meter]]. Then start oracle and gateway again."
    )
    return 0


def _register(protocol: str, scale_factor: int | None) -> tuple[int, int, int]:
    """Step in Wh, and where the register wraps in Wh as numerator and denominator."""
    if protocol == "dlt645":
        if scale_factor is not None:
            raise UsageError("--scale-factor is SunSpec's; a DL/T 645 register counts 10 Wh")
        return dlt645.WH_PER_STEP, dlt645.MODULUS_WH, 1
    if scale_factor is None:
        raise UsageError(
            "--scale-factor is missing: WH_SF of the inverter; `gateway probe` shows raw and Wh side by side"
        )
    return 10 ** max(scale_factor, 0), sunspec.ACC32_MODULUS * 10 ** max(scale_factor, 0), 10 ** max(-scale_factor, 0)


def _signer(path: Path) -> FileSigner:
    if path.exists():
        return read_signer(path, field="--key", profile=_PROFILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    key = private_key_from(os.urandom)
    write_signer(path, key, demo=False)
    return FileSigner(key)


def _ratio(text: str) -> tuple[int, int]:
    num, _, den = text.partition("/")
    return int(num), int(den or "1")


def _instant(text: str) -> int:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(text)
    return int(instant.timestamp())


def _option(text: str, name: str, wanted: str, read: Callable[[str], T]) -> T:
    try:
        return read(text)
    except ValueError:
        raise UsageError(f"{name} {text!r} is not {wanted}") from None
