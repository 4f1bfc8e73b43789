"""The demo replays days, so it refuses a chain whose time it cannot set, in one line."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cli.main import run


class _Node(BaseHTTPRequestHandler):
    """A node that knows its chain id and its head, and no development methods."""

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answers = {"eth_chainId": "0x1", "net_version": "1", "web3_clientVersion": "Geth/v1", "eth_blockNumber": "0x10"}
        answer: dict[str, object] = {"jsonrpc": "2.0", "id": request["id"]}
        if request["method"] in answers:
            answer["result"] = answers[request["method"]]
        else:
            answer["error"] = {"code": -32601, "message": "the method does not exist"}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def node() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Node)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_chain_without_time_control_is_refused_in_one_line(
    node: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["demo", "--headless", "--dir", str(tmp_path / "run"), "--rpc-url", node]) == 2
    said = capsys.readouterr().err.strip()
    assert len(said.splitlines()) == 1
    assert "time of this chain cannot be set" in said
    assert not (tmp_path / "run").exists()


def test_an_address_where_nobody_answers_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--headless", "--dir", str(tmp_path / "run"), "--rpc-url", "http://127.0.0.1:1"]) == 2
    assert "nobody answers" in capsys.readouterr().err
