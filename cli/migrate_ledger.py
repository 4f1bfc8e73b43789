"""`helioracle oracle migrate`: bring the ledger that oracle.toml names to the schema that this version reads."""

import argparse

from cli.errors import UsageError
from oracle import config
from oracle.errors import LedgerError
from oracle.ledger.schema import SCHEMA_VERSION
from oracle.ledger.sqlite.migration import migrate


def run(arguments: argparse.Namespace) -> int:
    """Migrate and say from which schema.

    Raises:
        UsageError: there is no ledger, an oracle works on it, or nothing leads from its schema to this one.
    """
    loaded = config.load(arguments.config)
    try:
        found = migrate(loaded.ledger)
    except LedgerError as error:
        raise UsageError(str(error)) from error
    if found == SCHEMA_VERSION:
        print(f"{loaded.ledger} has schema {found} already.")
    else:
        print(f"Migrated {loaded.ledger} from schema {found} to {SCHEMA_VERSION}.")
    print(f"Next: helioracle oracle run --config {arguments.config}")
    return 0
