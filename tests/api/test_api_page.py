"""The investor's page in a real browser: what it says, and that its lamps turn green only for what holds."""

import json
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from api.service import ApiService
from runtime.clock import RealClock, SteppedClock, WorldClock
from tests.api.conftest import FIRST_DAY
from tests.plant.missing import missing

pytestmark = pytest.mark.system
HOLDER = "0x" + "A1" * 20


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        missing("chromium is missing: make system")
    return found


@pytest.fixture
def dom(chromium: str, tmp_path: Path) -> Callable[[str], str]:
    """The page's DOM once it has come to rest."""

    def dom(url: str) -> str:
        done = subprocess.run(
            [
                chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=8000", "--dump-dom", url,
            ],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    return dom


@contextmanager
def serving(builder: Any, clock: WorldClock | None = None) -> Iterator[str]:
    failures: list[BaseException] = []
    service = ApiService(builder.config(), clock or RealClock(), failures.append)
    service.start()
    try:
        yield service.url
    finally:
        service.stop()
    assert failures == []


def lamps(page: str) -> dict[str, str]:
    found = re.findall(r"<li data-lamp=\"(\w+)\" data-state=\"(\w+)\"", page)
    assert len(found) == 5, page[:3000]
    return dict(found)


def text_of(page: str, id_: str) -> str:
    found = re.search(rf"id=\"{id_}\"[^>]*>(.*?)</(?:h1|p)>", page, re.DOTALL)
    assert found is not None
    return re.sub(r"<[^>]+>", "", found[1]).replace("\u00a0", " ").replace("&nbsp;", " ")


def test_the_sentence_is_said_and_every_lamp_turns_green(dom: Callable[[str], str], service: ApiService) -> None:
    page = dom(f"{service.url}/?holder={HOLDER}")
    assert 'data-state="ready"' in page
    assert (
        text_of(page, "sentence")
        == "You received 7.28 USDC for 1 to 2 July 2026. 130.4 kWh from 2 meters, 99.8 % measured."
    )
    assert set(lamps(page).values()) == {"ok"}
    assert 'data-verdict="ok"' in page
    assert text_of(page, "proof-verdict").startswith("All 8 steps hold, checked by this browser")
    # Two bars of production, six of money, one curve: drawn by us, in this page.
    assert page.count('class="measured"') == 2
    assert [page.count(f'<rect class="{name}" x=') - 1 for name in ("declared", "funded", "paid")] == [2, 2, 2]
    assert page.count('class="curve"') == 1
    assert "signed at the gateway" in page


def test_without_a_holder_the_page_speaks_of_the_asset_and_offers_a_choice(
    dom: Callable[[str], str], service: ApiService
) -> None:
    page = dom(f"{service.url}/")
    assert text_of(page, "sentence").startswith(
        "Serf East, a school roof paid 10.93 USDC to its holders for 1 to 2 July 2026."
    )
    assert page.count("<option") == 4
    assert set(lamps(page).values()) == {"ok"}


def test_a_holder_who_has_not_claimed_reads_what_waits(dom: Callable[[str], str], service: ApiService) -> None:
    page = dom(f"{service.url}/?holder=0x{'C3' * 20}")
    assert text_of(page, "sentence").startswith("You have received nothing yet; 1.21 USDC is yours to claim.")
    assert "1.214563 USDC" in text_of(page, "sentence-more")


def test_a_report_that_is_not_decided_says_so(
    dom: Callable[[str], str], make_ledger: Callable[..., Any], tmp_path: Path
) -> None:
    builder = make_ledger(tmp_path / "ledger.sqlite", days=2, generators=1).build()
    period_0_ends = builder.midnight(FIRST_DAY + 1)
    with serving(builder, SteppedClock(period_0_ends - 1)) as url:
        page = dom(url)
        assert page.count("may be disputed until 2 July, 00:00") == 1
        assert page.count("may be disputed until") == 2
    builder.dispute(0, by_s=3600)
    with serving(builder, SteppedClock(period_0_ends + 3599)) as url:
        assert "disputed, void from 2 July, 01:00" in dom(url)
    with serving(builder, SteppedClock(period_0_ends + 3600)) as url:
        assert "void: disputed and not answered" in dom(url)
    builder.close()


def raise_registers(connection: sqlite3.Connection) -> None:
    """Every reading gets 1 kWh more, and the readings stay well-formed: what a bribed database would do."""
    for id_, body in connection.execute("SELECT id, body FROM headers WHERE count > 0").fetchall():
        raised = bytearray(body)
        for at in range(0, len(raised), 32):
            raised[at + 8 : at + 16] = (int.from_bytes(raised[at + 8 : at + 16], "big") + 1000).to_bytes(8, "big")
        connection.execute("UPDATE headers SET body = ? WHERE id = ?", (bytes(raised), id_))


def forge_signatures(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE headers SET signature = ?", ((bytes(31) + b"\x01") * 2,))


def rewrite_log(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE log_entries SET entry = ? WHERE log_index = 4", (bytes(32),))


# What is tampered with, and the lamp that must be the first to turn red: a rewritten log still proves inclusion in itself, and is caught
# by the root that the oracle signed.
TAMPERED: dict[str, tuple[Callable[[sqlite3.Connection], None], str]] = {
    "readings": (raise_registers, "leaf"),
    "signatures": (forge_signatures, "signature"),
    "log": (rewrite_log, "entry"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_tampered_ledger_turns_its_lamp_red(
    what: str, dom: Callable[[str], str], make_ledger: Callable[..., Any], tmp_path: Path
) -> None:
    builder = make_ledger(tmp_path / "ledger.sqlite", days=1, generators=1).build()
    tamper, red = TAMPERED[what]
    connection = sqlite3.connect(tmp_path / "ledger.sqlite")
    tamper(connection)
    assert connection.total_changes > 0
    connection.commit()
    connection.close()
    with serving(builder) as url:
        page = dom(url)
    builder.close()
    states = lamps(page)
    assert [name for name, state in states.items() if state == "failed"] == [red], states
    assert 'data-verdict="failed"' in page
    assert "does not hold" in text_of(page, "proof-verdict")


@pytest.fixture
def use(chromium: str, tmp_path: Path) -> Iterator[Callable[[str, list[dict[str, Any]]], list[Any]]]:
    """Use a page as a person does: evaluate steps in it, over the browser's own socket."""
    browser = subprocess.Popen(
        [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
            f"--user-data-dir={tmp_path / 'used'}", "about:blank",
        ],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert browser.stderr is not None
        lines = iter(browser.stderr)
        endpoint = next(line.split()[-1] for line in lines if line.startswith("DevTools listening on "))
        drain = threading.Thread(target=lambda: [None for _ in lines], daemon=True)
        drain.start()

        def use(url: str, steps: list[dict[str, Any]]) -> list[Any]:
            node = Path(sys.executable).with_name("node")
            script = Path(__file__).with_name("use_page.mjs")
            done = subprocess.run(
                [node, script, endpoint, url], input=json.dumps(steps), capture_output=True, text=True, timeout=120, check=False
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            told: list[Any] = json.loads(done.stdout)
            return told

        yield use
        browser.terminate()
        browser.wait(30)
        drain.join(30)
    finally:
        browser.kill()
        browser.wait(30)
        if browser.stderr is not None:
            browser.stderr.close()


VERDICT = "document.getElementById('proof').dataset.verdict"
LAMPS = "[...document.querySelectorAll('#lamps li')].map((lamp) => lamp.dataset.state)"
GREEN = {"until": f"{VERDICT} === 'ok'"}


def test_a_person_can_make_it_turn_red_and_back(use: Callable[..., list[Any]], service: ApiService) -> None:
    tamper = {"do": "document.getElementById('tamper').click()"}
    told = use(
        f"{service.url}/?holder={HOLDER}",
        [
            GREEN, tamper, {"until": f"{VERDICT} === 'failed'"}, {"do": LAMPS},
            {"do": "document.getElementById('proof-verdict').textContent"},
            {"do": "document.getElementById('proof-value').textContent"}, tamper, GREEN, {"do": LAMPS},
        ],
    )  # fmt: skip
    assert told[3] == ["failed", "skipped", "skipped", "skipped", "skipped"]
    assert told[4].startswith("Caught.")
    was, is_ = re.findall(r"([\d,]+)\.\d{3}", told[5])
    assert int(is_.replace(",", "")) - int(was.replace(",", "")) == 1
    assert told[8] == ["ok"] * 5


def test_a_person_can_pick_another_day_meter_and_reading(use: Callable[..., list[Any]], service: ApiService) -> None:
    name = {"do": "document.getElementById('proof-reading').textContent"}
    slide = (
        "(() => { const p = document.getElementById('pick'); p.value = '3'; p.dispatchEvent(new Event('change')); })()"
    )
    told = use(
        f"{service.url}/",
        [
            GREEN, name,
            {"do": "document.querySelector('#days-chart .day').dispatchEvent(new Event('click'))"},
            {"until": "document.getElementById('proof-reading').textContent.includes('1 July')"}, GREEN,
            {"do": "[...document.querySelectorAll('#meters button')].find((b) => b.textContent === 'INV-2').click()"},
            {"until": "document.getElementById('proof-reading').textContent.startsWith('INV-2')"}, GREEN,
            {"do": slide}, {"until": "document.getElementById('proof-reading').textContent.includes('01:30')"}, GREEN, name,
            {"do": "location.search"},
        ],
    )  # fmt: skip
    assert "2 July" in told[1]
    assert told[11].startswith("INV-2 at roof-2, 1 July, 01:30.")
    # The address of the page names the reading, so that it can be sent to somebody.
    (again,) = use(f"{service.url}/{told[12]}", [GREEN, name])[1:]
    assert again == told[11]


def test_nothing_is_loaded_from_elsewhere_and_nothing_breaks_the_policy(
    use: Callable[..., list[Any]], service: ApiService
) -> None:
    told = use(
        f"{service.url}/?holder={HOLDER}",
        [
            GREEN, {"do": "performance.getEntriesByType('resource').map((entry) => entry.name)"},
            {"do": "document.getElementById('notice').hidden"}, {"errors": True},
        ],
    )  # fmt: skip
    assert len(told[1]) > 10
    assert all(name.startswith(service.url) for name in told[1])
    assert told[2] is True
    # An inline style, a foreign file or an exception would stand here.
    assert told[3] == []
