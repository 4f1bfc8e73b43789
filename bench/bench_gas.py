"""What our contracts cost, beside others that do the like, in one run on one anvil.

    .venv/bin/python bench/bench_gas.py            a table, and what differs from the committed figures
    .venv/bin/python bench/bench_gas.py --json     the figures alone, as JSON
    .venv/bin/python bench/bench_gas.py --write    the same table, and renews bench/gas/snapshot.json and docs/contracts.md

The contracts are those of oracle/artifacts: after a change of contracts/src, `make contracts` comes first.
"""

import argparse
import sys

from bench.gas import snapshot, table
from bench.gas.works import measure


def main() -> None:
    """Measure, print, and where it is asked for, commit to it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--write", action="store_true", help="take the figures for the committed ones")
    arguments = parser.parse_args()
    figures = measure()
    if arguments.json:
        sys.stdout.write(snapshot.as_json(figures))
    else:
        print("\n".join(table.lines(figures)))
        for change in snapshot.changes(snapshot.read() if snapshot.SNAPSHOT.exists() else [], figures):
            print(f"changed: {change}")
    if arguments.write:
        snapshot.write(figures)
        table.PAGE.write_text(table.in_page(table.PAGE.read_text("utf-8"), figures), "utf-8")


if __name__ == "__main__":
    main()
