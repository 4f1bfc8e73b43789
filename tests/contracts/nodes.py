"""Four chains to run contracts on: an EVM in this process, anvil of two hardforks, and Hardhat's node, which is another implementation.

| node | what it is | P-256 at 0x100 (EIP-7951) |
| --- | --- | --- |
| eth-tester | py-evm, in this process | no |
| anvil | Foundry's node, hardfork Osaka | yes |
| anvil-cancun | the same with the hardfork that our contracts are compiled for | no |
| hardhat | Hardhat's node (EDR), hardfork Osaka | yes |
"""

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest
from eth_tester import EthereumTester, PyEVMBackend
from web3 import EthereumTesterProvider, HTTPProvider, Web3

from tests.plant.anvil_node import running_anvil
from tests.plant.missing import missing

ROOT = Path(__file__).resolve().parents[2]
NODES = ("eth-tester", "anvil", "anvil-cancun", "hardhat")
_HARDHAT = ROOT / "node_modules" / "hardhat"


@dataclass(frozen=True)
class Node:
    """A chain of its own.

    Attributes:
        web3: with unlocked accounts that have money.
        travel: to a time (unix seconds) that lies ahead.
        has_p256: whether signatures of meters are verified by a precompile.
    """

    web3: Web3
    travel: Callable[[int], None]
    has_p256: bool


@contextmanager
def running(name: str, folder: Path) -> Iterator[Node]:
    """The node of this name; `folder` is where one that needs a configuration file has it."""
    if name == "eth-tester":
        yield _eth_tester()
    elif name == "hardhat":
        with _hardhat(folder) as url:
            yield _over(url, has_p256=True)
    else:
        hardfork = {"anvil": "osaka", "anvil-cancun": "cancun"}[name]
        with running_anvil(hardfork=hardfork) as anvil:
            yield _over(anvil.url, has_p256=hardfork == "osaka")


def _eth_tester() -> Node:
    tester = EthereumTester(PyEVMBackend())

    def travel(instant: int) -> None:
        # The tester stops one second short, so that the next block stands on the instant.
        tester.time_travel(instant)
        tester.mine_block()

    return Node(Web3(EthereumTesterProvider(tester)), travel, has_p256=False)


def _over(url: str, *, has_p256: bool) -> Node:
    web3 = Web3(HTTPProvider(url))

    def travel(instant: int) -> None:
        for method, params in (("evm_setNextBlockTimestamp", [instant]), ("evm_mine", [])):
            answer = web3.provider.make_request(method, params)  # type: ignore[arg-type]  # the node's own methods
            assert "error" not in answer, answer

    return Node(web3, travel, has_p256=has_p256)


@contextmanager
def _hardhat(folder: Path) -> Iterator[str]:
    if not _HARDHAT.is_dir():
        missing("hardhat is not installed; run `npm ci`")
    # Hardhat wants a project of its own around it.
    (folder / "package.json").write_text(json.dumps({"type": "module"}))
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    config = folder / "hardhat.config.mjs"
    config.write_text(
        'export default { networks: { node: { type: "edr-simulated", chainId: 31337, hardfork: "osaka" } } };\n'
    )
    process = subprocess.Popen(
        [
            "node",
            _HARDHAT / "dist/src/cli.js",
            "--config",
            config,
            "node",
            "--hostname",
            "127.0.0.1",
            "--port",
            "0",
        ],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{ROOT / '.venv/bin'}{os.pathsep}{os.environ['PATH']}",
            "HARDHAT_DISABLE_TELEMETRY_PROMPT": "true",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # it starts children of its own
    )
    assert process.stdout is not None
    drain = Thread(target=process.stdout.read)
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            # The port is one of its own choice: a free one that we looked for may be another process's before it listens.
            if found := re.search(r"Started HTTP .*(http://127\.0\.0\.1:\d+)", line):
                drain.start()
                yield found[1]
                break
        else:
            pytest.fail(f"hardhat ended before it listened: {''.join(said)[-2000:]}")
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # it holds nothing that is worth a goodbye
        process.wait(30)
        if drain.ident is not None:
            drain.join(30)
        process.stdout.close()
