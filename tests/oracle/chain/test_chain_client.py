"""One chain, one thread, decoded refusals, and nothing secret in an error."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from eth_abi.abi import encode

from oracle.chain import artifacts, embedded, refusal
from oracle.chain.client import Chain
from oracle.errors import ChainError, ChainRefused, ChainUnreachable, Fatal
from tests.plant.asset_site import Site, account_of


def test_a_refusal_names_the_contracts_error_with_its_arguments(site: Site) -> None:
    stranger = site.holders[0]
    call = site.contracts.share.functions.mint(stranger.address, 5)
    with pytest.raises(ChainRefused) as caught:
        site.chain.transact(stranger, call, action="mint")
    assert caught.value.action == "mint"
    assert caught.value.reason == f"AccessManagedUnauthorized(caller={stranger.address})"
    with pytest.raises(
        ChainRefused, match=rf"ERC20InsufficientBalance\(sender={stranger.address}, balance=0, needed=5\)"
    ):
        site.chain.transact(stranger, site.contracts.token.functions.transfer(site.owner.address, 5), action="pay")
    with pytest.raises(ChainRefused, match=r"EntryUnknown\(index=7, count=1\)"):
        site.chain.read(site.contracts.registry.functions.entry(7))


def test_a_call_that_runs_out_of_gas_when_mined_is_a_refusal(site: Site) -> None:
    call = site.contracts.gate.functions.setAllowed([site.owner.address], True)
    with pytest.raises(ChainRefused, match=r"was mined in block \d+ and reverted"):
        site.chain.transact(site.owner, call, action="allow", gas=30_000)


def test_an_account_without_money_for_gas_is_told_so(site: Site) -> None:
    poor = account_of("poor")
    with pytest.raises(ChainRefused, match="no money for gas") as caught:
        site.chain.transact(poor, site.contracts.token.functions.approve(site.owner.address, 5), action="approve")
    assert poor.key.hex() not in str(caught.value)


def test_the_same_bytes_are_taken_once(site: Site) -> None:
    call = site.contracts.token.functions.approve(site.oracle.address, 5)
    prepared = site.chain.prepare(site.owner, call, action="approve")
    assert site.chain.receipt(prepared.tx_hash, action="approve") is None
    assert site.chain.send(prepared.raw, action="approve")
    assert not site.chain.send(prepared.raw, action="approve")
    receipt = site.chain.receipt(prepared.tx_hash, action="approve")
    assert receipt is not None
    assert receipt.tx_hash == prepared.tx_hash
    assert receipt.gas_used > 21_000
    assert prepared.raw.hex() not in repr(prepared)


def test_time_goes_forwards_only(site: Site) -> None:
    start = site.chain.now()
    site.chain.advance_to(start + 1)  # the machine's clock may be ahead of that
    assert site.chain.now() >= start + 1
    far = start + 1_000_000
    for instant in (far, far + 1, far + 2, far + 3, far + 90_000):
        site.chain.advance_to(instant)
        assert site.chain.now() == instant
    site.chain.advance_to(far)
    assert site.chain.now() == far + 90_000
    assert site.chain.read(site.contracts.share.functions.today()) == (far + 90_000 + 8 * 3600) // 86_400


def test_a_chain_without_time_control_says_so(site: Site) -> None:
    fixed = Chain.over(site.chain._web3, None)
    assert not fixed.has_time_control
    assert site.chain.has_time_control
    with pytest.raises(ChainError, match="cannot be set"):
        fixed.advance_to(fixed.now() + 5)
    fixed.close()


def test_many_threads_use_one_chain(site: Site) -> None:
    owners: set[int] = set()
    found: list[int] = []

    def ask() -> None:
        site.chain.call(lambda _: owners.add(threading.get_ident()))
        found.append(site.chain.block_number())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(owners) == 1
    assert len(found) == 8
    # A call from inside the owning thread does not wait for itself.
    assert site.chain.call(lambda _: site.chain.block_number()) == found[0]


def test_an_unreachable_node_is_named_without_its_url() -> None:
    with pytest.raises(ChainUnreachable) as caught:
        Chain.connect("http://user:secret-token@127.0.0.1:9/v1/secret-token")
    assert "secret-token" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>bad gateway</html>",
        b"",
        b"[]",
        b'{"jsonrpc":"2.0","id":0}',
        b'{"jsonrpc":"2.0","id":0,"error":{"code":-32000,"message":"header not found"}}',
    ],
)
def test_what_is_no_answer_is_no_answer(answer: bytes) -> None:
    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Gateway) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with pytest.raises(ChainUnreachable):
                Chain.connect(f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join(30)


def test_every_contract_is_there_and_a_missing_one_says_what_to_do() -> None:
    for name in artifacts.NAMES:
        assert artifacts.load(name).bytecode.startswith("0x")
    with pytest.raises(Fatal, match="make contracts"):
        artifacts.load("NoSuchContract")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no reason given"),
        (bytes.fromhex("08c379a0") + encode(["string"], ["too late"]), "too late"),
        (bytes.fromhex("4e487b71") + encode(["uint256"], [0x11]), "Panic(0x11)"),
        (b"\xde\xad\xbe\xef", "unknown error 0xdeadbeef"),
        (bytes.fromhex("08c379a0") + b"\xff" * 32, "undecodable error 0x08c379a0" + "ff" * 32),
    ],
)
def test_reverts_are_described(data: bytes, said: str) -> None:
    assert refusal.describe_revert(data) == said


def test_the_embedded_chain_gives_gas_money() -> None:
    chain = embedded.embedded_chain()
    account = account_of("somebody")
    embedded.fund_accounts(chain, [account.address])
    assert chain.balance(account.address) == embedded.ACCOUNT_WEI
    chain.close()
    chain.close()
    with pytest.raises(ChainUnreachable, match="closed"):
        chain.now()
