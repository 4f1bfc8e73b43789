"""Where Foundry's node is, and one that runs."""

import platform
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

_MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "none")
ANVIL = Path(__file__).parents[2] / f"node_modules/@foundry-rs/anvil-linux-{_MACHINE}/bin/anvil"


@contextmanager
def anvil_url(*options: str, hardfork: str) -> Iterator[str]:
    """The URL of a fresh node, which ends with the block.

    Raises:
        FileNotFoundError: anvil is not installed (`npm ci`).
        RuntimeError: it ended before it listened.
    """
    process = subprocess.Popen(
        [ANVIL, "--port", "0", "--host", "127.0.0.1", "--hardfork", hardfork, *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    # It writes a line for each question: where nobody reads them the pipe fills, and it never answers again.
    drain = Thread(target=process.stdout.read)
    try:
        for line in process.stdout:
            if found := re.search(r"Listening on (127\.0\.0\.1:\d+)", line):
                drain.start()
                yield f"http://{found[1]}"
                break
        else:
            raise RuntimeError("anvil ended before it listened")
    finally:
        process.kill()  # it holds nothing that is worth a goodbye
        process.wait(30)
        if drain.ident is not None:
            drain.join(30)
        process.stdout.close()
