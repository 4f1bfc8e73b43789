"""Each service as its unit starts it: as the unit's user, on a system that is read-only but for the unit's own folder."""

import json
import re
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.plant.anvil_node import running_anvil
from tests.plant.until import until
from tests.processes.loop_site import LoopSite
from tests.processes.mosquitto import mosquitto, needs_mosquitto
from tests.processes.service_processes import Processes
from tests.processes.unit_machine import UnitMachine, needs_rooms

pytestmark = [pytest.mark.slow, pytest.mark.system]
DATA = "/var/lib/helioracle"
METERS = 6
_PASS_S = 150  # a pass that the chain was too slow for is tried again at the next full minute
SERVICES = ("oracle", "gateway", "api", "keeper")
# As docs/operating.md has it, but for the name of the site and what `systemctl` does.
INSTALL = """
install -d -o helioracle-oracle -g helioracle -m 2770 /var/lib/helioracle/oracle
install -d -o helioracle-gateway -g helioracle-gateway -m 0700 /var/lib/helioracle/gateway
chown helioracle-oracle: /etc/helioracle/keys/oracle.key /etc/helioracle/keys/declarer.key
chown helioracle-oracle: /etc/helioracle/certs/oracle.key
chown helioracle-keeper: /etc/helioracle/keys/keeper.key
chown helioracle-gateway: /etc/helioracle/keys/SE-*.key /etc/helioracle/keys/DL-*.key
chown helioracle-gateway: /etc/helioracle/certs/roof-pi.key
runuser -u helioracle-oracle -- /opt/helioracle/.venv/bin/helioracle oracle create --config /etc/helioracle/oracle.toml
chmod 0660 /var/lib/helioracle/oracle/ledger.sqlite
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UnitMachine]:
    """A site on a real chain and a broker with TLS, installed by the operating guide; its simulated meters run outside."""
    needs_rooms()
    needs_mosquitto()
    folder = tmp_path_factory.mktemp("units")
    with running_anvil() as node, mosquitto(folder / "b", "roof-pi") as broker:
        site = LoopSite(folder / "site", node.url, broker.port)
        site.add_tls(Path("certs"))
        shutil.copytree(folder / "b/certs", site.folder / "certs")
        shutil.rmtree(site.folder / "oracle")
        lines = Processes(site.folder)
        lines.start("sim")
        try:
            links = [site.folder / "run/line-a", site.folder / "run/line-b"]
            until(lambda: all(link.is_symlink() for link in links), within_s=60)
            for name in SERVICES:
                _move(site.folder / f"{name}.toml", {f"run/{link.name}": str(link.readlink()) for link in links})
            made = UnitMachine(folder / "m", site.folder)
            made.do(INSTALL)
            # What udev does for the group `dialout`.
            made.do("chown helioracle-gateway " + " ".join(str(link.readlink()) for link in links))
            yield made
            site.chain.close()
        finally:
            lines.stop_all()


def _move(path: Path, ports: dict[str, str]) -> None:
    text = path.read_text("utf-8")
    moves = {
        "oracle/ledger.sqlite": f"{DATA}/oracle/ledger.sqlite",
        "gateway/outbox.sqlite": f"{DATA}/gateway/outbox.sqlite",
    }
    for before, after in (moves | ports).items():
        text = text.replace(f'"{before}"', f'"{after}"')
    path.write_text(text, "utf-8")


def _status(machine: UnitMachine, name: str) -> dict[str, Any]:
    """What the service last wrote of itself; nothing yet is nothing."""
    beside = "gateway/outbox.sqlite" if name == "gateway" else "oracle/ledger.sqlite"
    path = machine.data / f"{beside}.{name}-status.json"
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def _runs_or_died(machine: UnitMachine, name: str) -> bool:
    return _status(machine, name).get("state") == "running" or not machine.alive(name)


def test_each_unit_runs_as_its_user_and_ends_cleanly(machine: UnitMachine) -> None:
    for name in SERVICES:
        machine.start(name)
    try:
        for name in SERVICES:
            until(partial(_runs_or_died, machine, name), within_s=60)
            assert machine.alive(name), machine.said(name)
        # Over TLS, by certificates that only their owners read: the oracle's signed heads reach the gateway for each meter.
        until(
            lambda: len(set(re.findall(r"oracle heads.*meter=(\S+)", machine.said("gateway")))) == METERS, within_s=60
        )
        until(lambda: _status(machine, "oracle")["status"]["chain"]["followed_block"] is not None, within_s=60)
        until(lambda: _status(machine, "keeper")["status"]["passes"] > 0, within_s=_PASS_S)
        url = _status(machine, "api")["status"]["url"]
        with urlopen(f"{url}/v1/status", timeout=60) as answer:  # noqa: S310 # on this machine
            assert json.load(answer)["log_size"] >= METERS
        owners = machine.do("stat -c '%n %U' /var/lib/helioracle/*/*-status.json").splitlines()
        assert sorted(line.split("/")[-1] for line in owners) == [
            "ledger.sqlite.api-status.json helioracle-api",
            "ledger.sqlite.keeper-status.json helioracle-keeper",
            "ledger.sqlite.oracle-status.json helioracle-oracle",
            "outbox.sqlite.gateway-status.json helioracle-gateway",
        ]
    finally:
        codes = machine.stop_all()
    assert codes == dict.fromkeys(SERVICES, 0), {name: machine.said(name) for name in SERVICES if codes.get(name)}
    for name in SERVICES:
        assert _status(machine, name)["state"] == "stopped"


@pytest.mark.parametrize(
    ("break_it", "mend_it", "said"),
    [
        ("echo 'surplus = 1' >> {file}", "sed -i '$d' {file}", "surplus"),
        (
            "chown root: /etc/helioracle/certs/oracle.key",
            "chown helioracle-oracle: /etc/helioracle/certs/oracle.key",
            "oracle.key: key: cannot be read: Permission denied",
        ),
        (
            "chown root: /etc/helioracle/keys/oracle.key",
            "chown helioracle-oracle: /etc/helioracle/keys/oracle.key",
            "oracle.key: key: ",
        ),
    ],
    ids=["an unknown key", "a certificate's key of another's", "a key of another's"],
)
def test_a_mistake_ends_a_unit_with_the_code_that_does_not_start_it_again(
    machine: UnitMachine, break_it: str, mend_it: str, said: str
) -> None:
    file = "/etc/helioracle/oracle.toml"
    machine.do(break_it.format(file=file))
    try:
        machine.start("oracle")
        assert machine.wait("oracle") == 2, machine.said("oracle")
    finally:
        machine.do(mend_it.format(file=file))
    last = machine.said("oracle").strip().splitlines()[-1]
    assert last.startswith("helioracle: ")
    assert said in last
