"""`helioracle asset address`: the address of a key or keystore, which other commands and people need and which stands in no file."""

import argparse
import json

from cli.on_chain import account_of


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    address = account_of(arguments).address
    print(json.dumps({"address": address}) if arguments.json else address)
    return 0
