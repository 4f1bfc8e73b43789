"""One asset as it is deployed: a complete set of contracts, made by the factory from the committed artifacts."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from eth_account import Account
from web3 import Web3

from bench.gas.chain import DAY, Chain
from oracle.chain import eip712
from oracle.core.money.report import SCHEMA_VERSION, Report

ARTIFACTS = Path(__file__).resolve().parents[2] / "oracle" / "artifacts"
NAME = b"asset".ljust(32, b"\0")
DAYS_PER_PERIOD = 30
CHALLENGE_S, RESOLVE_S = 2 * DAY, 5 * DAY
TOLERANCE_S = 150
METERS, NAMEPLATE_W = 5, 50_000
# What a month pays, millionths of a dollar.
DISTRIBUTABLE = 41_270_000_000
ALLOWED = True
_MADE = (
    "AccessManager", "InvestorGate", "MeterRegistry", "AssetShare", "Erc3643Register", "RevenueDeclarations",
    "RevenueDistributor", "DirectSettlement",
)  # fmt: skip


@cache
def artifact(name: str) -> dict[str, Any]:
    """A committed artifact of ours."""
    found: dict[str, Any] = json.loads((ARTIFACTS / f"{name}.json").read_text("utf-8"))
    return found


def named(text: str) -> bytes:
    """A hash that stands for whatever `text` says."""
    return bytes(Web3.keccak(text=text))


class Asset:
    """The first account holds every office.

    Attributes:
        signers: the keys that sign, as many as must of all `signer_addresses`.
        first_day: of period 0, days since 1970-01-01.
    """

    def __init__(
        self,
        chain: Chain,
        *,
        signers: int,
        threshold: int,
        bindings_root: bytes = b"\1" * 32,
        meters: int = METERS,
        direct: bool = False,
    ) -> None:
        self.chain = chain
        self.owner = chain.accounts[0]
        keys = [Account.from_key(named(f"signer {number}")) for number in range(signers)]
        keys.sort(key=lambda key: int(key.address, 16))
        self.signer_addresses = [key.address for key in keys]
        self.signers, self.threshold = keys[:threshold], threshold
        self.first_day = chain.now // DAY + 1
        self.token = chain.create(artifact("DemoStablecoin"), self.owner)
        codes = {name: bytes.fromhex(artifact(name)["bytecode"][2:]) for name in _MADE}
        factory = chain.create(artifact("AssetFactory"), tuple(Web3.keccak(codes[name]) for name in _MADE))
        asset: tuple[object, ...] = (
            (NAME, self.first_day, DAYS_PER_PERIOD, 0, CHALLENGE_S, RESOLVE_S, 1100, 600),
            (bindings_root, meters, NAMEPLATE_W),
            ("0x" + "00" * 20, "Sun", "SUN", []),
            (self.signer_addresses, threshold),
            (self.owner,) * 9,
            self.token.address,
            TOLERANCE_S if direct else 0,
        )
        second = (
            codes["RevenueDeclarations"],
            codes["RevenueDistributor"],
            codes["DirectSettlement"] if direct else b"",
        )
        self.begin_gas = chain.send(factory.functions.begin(asset, tuple(codes[name] for name in _MADE[:4])))
        self.complete_gas = chain.send(factory.functions.complete(asset, second))
        made = factory.functions.addressesOf(factory.functions.keyOf(self.owner, asset).call()).call()
        names = ("InvestorGate", "AssetShare", "MeterRegistry", "RevenueDeclarations", "RevenueDistributor")
        self.gate, self.share, self.registry, self.declarations, self.distributor = (
            chain.at(artifact(name), address) for name, address in zip(names, made[1:6], strict=True)
        )
        self.direct = chain.at(artifact("DirectSettlement"), made[6])

    def to_day(self, day: int) -> None:
        """To the first second of a settlement day, counted from the asset's first."""
        self.chain.travel((self.first_day + day) * DAY)

    def allow(self, holders: Sequence[str]) -> None:
        """Lets them hold shares and be paid."""
        self.chain.send(self.gate.functions.setAllowed(holders, ALLOWED))

    def mint(self, holder: str, shares: int) -> None:
        """New shares."""
        self.chain.send(self.share.functions.mint(holder, shares))

    def anchor(self, size: int, root: bytes, proof: list[bytes]) -> int:
        """Gas of an anchor signed by as many as must."""
        message = eip712.anchor_message(self.chain.web3.eth.chain_id, self.declarations.address, size, root)
        signatures = eip712.sign_all(self.signers, message)
        return self.chain.send(self.declarations.functions.anchor(size, root, proof, signatures))

    def report(self, period: int, log_size: int) -> Report:
        """A month's report, with figures of the usual size."""
        return Report(
            schema_version=SCHEMA_VERSION,
            period=period,
            revision=0,
            signer_set_version=1,
            log_generation=1,
            log_size=log_size,
            registry_index=0,
            settlement_root=named("settlement"),
            export_wh=1_012_300,
            import_wh=77_123,
            missing_meters=0,
            catch_up_hours=0,
            gross=DISTRIBUTABLE + DISTRIBUTABLE // 3,
            distributable=DISTRIBUTABLE,
            tariff_hash=named("tariff"),
            statement_hash=named("statement"),
            previous_hash=bytes(32),
        )

    def declare(self, period: int, log_size: int) -> int:
        """Gas of the first report of a period, on the day after it ends."""
        self.to_day((period + 1) * DAYS_PER_PERIOD)
        report = self.report(period, log_size)
        message = eip712.report_message(self.chain.web3.eth.chain_id, self.declarations.address, report)
        signatures = eip712.sign_all(self.signers, message)
        return self.chain.send(self.declarations.functions.declare(report.as_tuple(), signatures))

    def fund(self, period: int, log_size: int) -> int:
        """Declares, lets the challenge window pass, and brings the money; gas of the last."""
        self.declare(period, log_size)
        self.chain.travel(self.chain.now + CHALLENGE_S)
        # The treasury's balance and allowance don't fall to nothing, which would give gas back.
        self.chain.send(self.token.functions.mint(self.owner, DISTRIBUTABLE + 1))
        self.chain.send(self.token.functions.approve(self.distributor.address, 2**256 - 1))
        return self.chain.send(self.distributor.functions.fund(period, DISTRIBUTABLE))
