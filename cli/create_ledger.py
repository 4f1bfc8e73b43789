"""`helioracle oracle create`: make the ledger that oracle.toml names, once.

`run` never does: a fresh ledger would declare paid periods again.
"""

import argparse

from cli.errors import UsageError
from oracle import asset_file, config
from oracle.errors import LedgerError
from oracle.ledger.sqlite import database


def run(arguments: argparse.Namespace) -> int:
    """Create the ledger and say what comes next.

    Raises:
        UsageError: there is one already.
    """
    loaded = config.load(arguments.config)
    asset = asset_file.load(loaded.asset_file)
    try:
        database.create(loaded.ledger, asset=asset.terms.asset, chain_id=asset.meters[0].binding.chain_id)
    except LedgerError as error:
        raise UsageError(str(error)) from error
    print(f"Created {loaded.ledger}. Next: helioracle oracle run --config {arguments.config}")
    return 0
