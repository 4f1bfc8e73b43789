"""What the commands that write to a chain share: connecting, the key, the deployed asset, errors in one line."""

import argparse
import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from eth_account.signers.local import LocalAccount

from cli.amount import format_amount
from cli.errors import CommandFailed, UsageError
from evidence.units import Minor
from oracle import asset_file
from oracle.asset_file import AssetFile, Deployment
from oracle.chain.client import Chain
from oracle.chain.contracts import AssetOnChain
from oracle.chain.key_file import read_account
from oracle.errors import ChainError


@dataclass(frozen=True, slots=True)
class OnChain:
    """A connected chain, who acts, and on which asset."""

    chain: Chain
    account: LocalAccount
    asset: AssetFile

    @property
    def deployment(self) -> Deployment:
        """The asset's contracts.

        Raises:
            UsageError: the asset file has no addresses yet.
        """
        if self.asset.deployment is None:
            raise UsageError(f"{self.asset.path}: [chain] has no addresses yet; run helioracle asset deploy first")
        return self.asset.deployment

    @property
    def deployed(self) -> AssetOnChain:
        """The asset's contracts on the connected chain.

        Raises:
            UsageError: the asset file has no addresses yet.
            ChainConflict: they are of another chain.
        """
        return AssetOnChain.of(self.chain, self.deployment)

    def amount(self, minor: int) -> str:
        """Minor units as people write them, with the token's symbol."""
        terms = self.asset.terms
        return f"{format_amount(minor, terms.money_decimals)} {terms.money_symbol}"

    def minor(self, text: str) -> Minor:
        """An amount as people write it, in minor units.

        Raises:
            UsageError: not a positive amount, or with more decimals than the token has.
        """
        try:
            value = asset_file.minor(Decimal(text), self.asset.terms.money_decimals)
        except (InvalidOperation, ValueError) as error:
            raise UsageError(f"--amount {text!r}: {error if str(error) else 'is not an amount'}") from None
        if value <= 0:
            raise UsageError(f"--amount {text!r} is not above 0")
        return Minor(value)


def account_of(arguments: argparse.Namespace) -> LocalAccount:
    """The account that `--keystore` or `--key` name; a person is asked for a password that no file holds.

    Raises:
        UsageError: a password file without a keystore.
        ConfigError: as `read_account`.
    """
    if arguments.keystore is None:
        if arguments.password_file is not None:
            raise UsageError("--password-file opens a --keystore; there is none")
        return read_account(arguments.key, field="--key", profile=arguments.profile, ask_password=getpass.getpass)
    return read_account(
        arguments.keystore,
        field="--keystore",
        profile=arguments.profile,
        ask_password=getpass.getpass,
        password_file=arguments.password_file,
    )


@contextmanager
def connected(arguments: argparse.Namespace) -> Iterator[OnChain]:
    """The chain, key and asset that the options name; a refusal by the contract becomes one line.

    Raises:
        CommandFailed: the contract or the node said no.
    """
    asset = asset_file.load(arguments.asset)
    account = account_of(arguments)
    try:
        chain = Chain.connect(arguments.rpc_url)
    except ChainError as error:
        raise UsageError(f"--rpc-url: {error}") from None
    try:
        yield OnChain(chain, account, asset)
    except ChainError as error:
        raise CommandFailed(str(error)) from error
    finally:
        chain.close()


def report(arguments: argparse.Namespace, sentence: str, facts: dict[str, object]) -> int:
    """Print the outcome, as a sentence or as JSON."""
    print(json.dumps(facts) if arguments.json else sentence)
    return 0
