"""Write `spec/vectors/*.json`. Deterministic; run it after a change to a format, and a test fails when the files drift.

.venv/bin/python spec/generate.py [FOLDER]

It shares no code with `evidence`: it packs bytes from the pages of this folder, hashes trees by the RFC's recursive definitions, and signs
with test keys whose secrets are hashes of their names. Those keys are public by design.
"""  # noqa: INP001 a script beside the pages it serves, not part of a package

import sys
from pathlib import Path

from testbytes.frames import answer, bundle, head
from testbytes.headers import chain, header
from testbytes.logs import canonical, checkpoint, log_entry, sum_tree
from testbytes.marks import block, close, standing
from testbytes.primitives import write
from testbytes.records import batch, binding, reading
from testbytes.trees import merkle

DOCUMENTS = {
    "merkle.json": merkle,
    "header.json": header,
    "chain.json": chain,
    "reading.json": reading,
    "batch.json": batch,
    "binding.json": binding,
    "bundle.json": bundle,
    "answer.json": answer,
    "head.json": head,
    "log_entry.json": log_entry,
    "checkpoint.json": checkpoint,
    "sum_tree.json": sum_tree,
    "canonical.json": canonical,
    "block.json": block,
    "standing.json": standing,
    "close.json": close,
}


def main(folder: Path) -> None:
    """Write every document into the folder."""
    for name, make in DOCUMENTS.items():
        write(folder, name, make())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "vectors")
