"""The asset file: terms, bindings and contract addresses of one asset, from TOML.

`helioracle init` writes a commented one. The oracle loads the bindings into its registry; gateway and simulator read what is theirs.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from evidence import binding as bindings
from evidence.binding import Binding
from evidence.errors import EvidenceError
from evidence.tags import POINT_SIZE
from evidence.units import Minor, SettlementDay
from oracle.contract_names import CONTRACT_NAMES
from oracle.core.terms import AssetTerms, Band, Fee, Point, Role, Tariff, Term
from runtime.config import Table, read_toml

_ID = r"[a-z0-9][a-z0-9-]{0,31}"
_EPOCH = date(1970, 1, 1)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class BoundMeter:
    """One meter's binding: the 402-byte record, opened under the installer's key."""

    record: bytes
    hash: bytes
    binding: Binding


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where an asset's contracts live.

    Attributes:
        chain_id: EIP-155 id of the chain.
        addresses: by the names in `CONTRACT_NAMES`, 0x-prefixed checksummed hex.
        first_block: a block not after their creation, so that a follower need not look before it; None where nobody knows.
    """

    chain_id: int
    addresses: dict[str, str]
    first_block: int | None = None


@dataclass(frozen=True, slots=True)
class AssetFile:
    """What an asset file says.

    Attributes:
        path: where it was read.
        terms: what a settlement depends on.
        meters: one binding per meter, opened, in file order.
        deployment: the contracts, or None before they are deployed.
    """

    path: Path
    terms: AssetTerms
    meters: tuple[BoundMeter, ...]
    deployment: Deployment | None


def load(path: Path) -> AssetFile:
    """Read and check an asset file.

    Raises:
        ConfigError: a missing or unknown key, a binding that does not open, or parts that contradict each other.
    """
    table = read_toml(path)
    money = table.table("money")
    decimals = money.integer("decimals", minimum=0, maximum=18)
    periods = table.table("periods")
    tariffs = _rising([_tariff(t, decimals) for t in table.tables("tariff", minimum=1, maximum=64)], lambda t: t.name)
    terms = AssetTerms(
        asset=table.text("asset", pattern=_ID),
        name=table.text("name"),
        utc_offset_s=table.offset_s("utc_offset"),
        poll_interval_s=table.integer("poll_interval_s", minimum=1, maximum=3600),
        first_day=SettlementDay((periods.day("first_day") - _EPOCH).days),
        days_per_period=periods.integer("days", minimum=1, maximum=31),
        money_decimals=decimals,
        money_symbol=money.text("symbol", pattern=r"[A-Za-z0-9.]{1,12}"),
        points=_rising([_point(t) for t in table.tables("point", minimum=1, maximum=1024)], lambda p: p.id),
        tariffs=tariffs,
        fees=tuple(_fee(t, decimals) for t in table.tables("fee", maximum=32)),
        check_tolerance_ppm=table.integer("check_tolerance_ppm", minimum=0, maximum=1_000_000),
    )
    installer_point = table.hexadecimal("installer_point", POINT_SIZE)
    meters = tuple(_meter(t, installer_point) for t in table.tables("meter", minimum=1, maximum=1024))
    deployment = _deployment(table.table("chain"))
    table.finish()
    _check(table, terms, meters)
    return AssetFile(path, terms, meters, deployment)


def minor(amount: Decimal, decimals: int) -> int:
    """A decimal amount of money in base units of the token.

    Raises:
        ValueError: it has more decimals than the token.
    """
    scaled = amount.scaleb(decimals)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} has more than {decimals} decimals")
    return int(scaled)


def _money(table: Table, key: str, decimals: int) -> int:
    value = table.decimal(key, minimum=Decimal(0), maximum=Decimal(10**9))
    try:
        return minor(value, decimals)
    except ValueError as error:
        raise table.error(key, str(error)) from None


def _seconds(table: Table, key: str) -> int:
    hours, minutes = table.text(key, pattern=r"([01]\d|2[0-3]):[0-5]\d|24:00").split(":")
    return int(hours) * 3600 + int(minutes) * 60


_WEEKDAYS = {"all": (1, 2, 3, 4, 5, 6, 7), "weekdays": (1, 2, 3, 4, 5), "weekend": (6, 7)}


def _tariff(table: Table, decimals: int) -> Tariff:
    bands = []
    for band in table.tables("band", maximum=24):
        from_s, to_s = _seconds(band, "from"), _seconds(band, "to")
        if from_s >= to_s:
            raise band.error("to", "must be later than from; split a band that crosses midnight into two")
        bands.append(
            Band(
                name=band.text("name", pattern=_ID),
                price_minor_per_kwh=_money(band, "price_per_kwh", decimals),
                weekdays=_WEEKDAYS[band.choice("days", tuple(_WEEKDAYS), default="all")],
                from_s=from_s,
                to_s=to_s,
            )
        )
    for number, one in enumerate(bands):
        for other in bands[:number]:
            if set(one.weekdays) & set(other.weekdays) and one.from_s < other.to_s and other.from_s < one.to_s:
                raise table.error("band", f"{other.name!r} and {one.name!r} overlap")
    return Tariff(
        name=table.text("name", pattern=_ID),
        price_minor_per_kwh=_money(table, "price_per_kwh", decimals),
        bands=tuple(bands),
        zone=table.text("zone", default="UTC"),
    )


def _fee(table: Table, decimals: int) -> Fee:
    return Fee(
        name=table.text("name"),
        ppm=table.integer("ppm", minimum=0, maximum=1_000_000, default=0),
        fixed_minor=Minor(_money(table, "fixed", decimals) if table.has("fixed") else 0),
    )


def _point(table: Table) -> Point:
    role = Role(table.choice("role", tuple(r.value for r in Role)))
    formula = []
    for text in table.texts("meters", maximum=256):
        sign, serial = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
        formula.append(Term(sign, serial))
    if not formula:
        raise table.error("meters", "a point is made of at least one meter")
    tariff = table.text("tariff", default="")
    if (role is Role.CHECK) is bool(tariff):
        raise table.error("tariff", "a check point never earns, every other point does")
    return Point(id=table.text("id", pattern=_ID), role=role, formula=tuple(formula), tariff=tariff)


def _meter(table: Table, installer_point: bytes) -> BoundMeter:
    serial = table.text("serial")
    path = table.file("binding")
    if table.has("replay"):
        table.table("replay").skip()  # the simulator's: see firmware_sim.config
    text = path.read_text("ascii", errors="replace").strip()
    try:
        record = bytes.fromhex(text)
        opened, hash_ = bindings.open_binding(record, installer_point=installer_point)
    except (ValueError, EvidenceError) as error:
        raise table.error("binding", f"{path.name} does not open: {error}") from None
    if opened.serial != serial:
        raise table.error("serial", f"is {serial!r}, but {path.name} binds {opened.serial!r}")
    return BoundMeter(record, hash_, opened)


def _deployment(table: Table) -> Deployment | None:
    chain_id = table.integer("chain_id", minimum=1, maximum=2**63 - 1)
    first_block = table.integer("first_block", minimum=0, maximum=2**63 - 1, default=None)
    present = [name for name in CONTRACT_NAMES if table.has(name)]
    if not present:
        return None
    addresses = {name: table.text(name, pattern=r"0x[0-9a-fA-F]{40}") for name in CONTRACT_NAMES}
    return Deployment(chain_id, addresses, first_block)


def _rising(items: list[_T], key: Callable[[_T], str]) -> tuple[_T, ...]:
    return tuple(sorted(items, key=key))


def _check(table: Table, terms: AssetTerms, meters: tuple[BoundMeter, ...]) -> None:
    serials = [m.binding.serial for m in meters]
    for kind, names in (
        ("point", [p.id for p in terms.points]),
        ("tariff", [t.name for t in terms.tariffs]),
        ("meter", serials),
    ):
        if len(set(names)) != len(names):
            raise table.error(kind, f"two of {', '.join(sorted(names))} have the same name")
    tariffs = {t.name for t in terms.tariffs}
    for point in terms.points:
        for term in point.formula:
            if term.serial not in serials:
                raise table.error("point", f"{point.id} names the meter {term.serial!r}, which is not in this file")
        if point.tariff and point.tariff not in tariffs:
            raise table.error("point", f"{point.id} names the tariff {point.tariff!r}, which is not in this file")
    points = {p.id for p in terms.points}
    for meter in meters:
        if meter.binding.asset != terms.asset or meter.binding.point not in points:
            raise table.error(
                "meter",
                f"{meter.binding.serial} is bound to {meter.binding.asset}/{meter.binding.point}, not to this asset",
            )


def write_deployment(path: Path, deployment: Deployment) -> None:
    """Put the contracts' addresses into the `[chain]` table of an asset file, behind its `chain_id`; comments stay as they are.

    The new file replaces the old one in one step: a crash leaves one of the two, whole.

    Raises:
        ConfigError: the file cannot be read, names another chain, or has addresses already.
    """
    table = read_toml(path).table("chain")
    chain_id = table.integer("chain_id", minimum=1, maximum=2**63 - 1)
    if chain_id != deployment.chain_id:
        raise table.error("chain_id", f"is {chain_id}, but the contracts were deployed on chain {deployment.chain_id}")
    if table.has(CONTRACT_NAMES[0]):
        raise table.error(
            CONTRACT_NAMES[0], "stands there already; a second set of contracts needs a second asset file"
        )
    text = path.read_text("utf-8")
    lines = text.splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if re.match(r"\s*chain_id\s*=", line)) + 1
    first = [] if deployment.first_block is None else [f"first_block = {deployment.first_block}\n"]
    lines[at:at] = [*first, *(f'{name} = "{deployment.addresses[name]}"\n' for name in CONTRACT_NAMES)]
    new = path.with_suffix(".toml.new")
    with new.open("w", encoding="utf-8") as file:
        file.write("".join(lines))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
