"""What is said and signed: anchors of the log and declarations, and the like of them by OpenZeppelin's k of n."""

from collections.abc import Iterator
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from bench.gas.asset import Asset, named
from bench.gas.chain import Chain
from bench.gas.figure import Figure
from bench.gas.peers.compiled import peers
from bench.gas.sparse_log import SparseLog

LEAVES = 1_000_000
# How long the proof is depends on where the log stood before; the dearest of these is the figure.
BEFORE = (LEAVES - 1, LEAVES - 100, LEAVES - 1_001, LEAVES - 10_000, 524_289)
ANCHOR_TARGET = 90_000
DECLARE_TARGET = 130_000
PEER = "the same words in a slot, OpenZeppelin MultiSignerERC7913"


def figures(chain: Chain, one: Asset, three: Asset) -> Iterator[Figure]:
    """Of an asset with one signer, and of one with three of five."""
    for asset, who in ((one, "1 of 1"), (three, "3 of 5")):
        anchored, declared = _peer(chain, asset)
        gas = max(_anchor_after(chain, asset, before) for before in BEFORE)
        yield Figure(f"anchor to 1,000,000 leaves with proof, {who}", gas, ANCHOR_TARGET, {PEER: anchored})
        gas = _declare(chain, asset)
        yield Figure(f"declare, {who}, steady", gas, DECLARE_TARGET, {PEER: declared})


def _anchor_after(chain: Chain, asset: Asset, before: int) -> int:
    log = SparseLog(LEAVES, cuts=(before,))
    with chain.undone():
        asset.anchor(before, log.root(before), [])
        return asset.anchor(LEAVES, log.root(), log.consistency(before))


def _declare(chain: Chain, asset: Asset) -> int:
    with chain.undone():
        asset.anchor(3, named("root"), [])
        asset.declare(0, 3)
        return asset.declare(1, 3)


def _peer(chain: Chain, asset: Asset) -> tuple[int, int]:
    """Gas of an anchor and of a declaration, each the second one."""
    with chain.undone():
        # An ERC-7913 signer without a key behind its address is a plain account.
        others = [bytes.fromhex(address[2:]) for address in asset.signer_addresses]
        peer = chain.create(peers()["SignedWords"], others, asset.threshold)
        for size in (LEAVES - 1, LEAVES):
            digest = peer.functions.anchorDigest(size, named(f"{size}")).call()
            anchored = chain.send(peer.functions.anchor(size, named(f"{size}"), _signed(asset, digest)))
        for period in (0, 1):
            report = [_word(value) for value in asset.report(period, 3).as_tuple()]
            digest = peer.functions.reportDigest(report).call()
            declared = chain.send(peer.functions.declare(report, _signed(asset, digest)))
        return anchored, declared


def _signed(asset: Asset, digest: bytes) -> bytes:
    """What MultiSignerERC7913 takes: signers, rising by the hash of their bytes, and their signatures."""
    ordered = sorted(asset.signers, key=lambda key: keccak(hexstr=key.address))
    signatures: list[Any] = [bytes(key.unsafe_sign_hash(digest).signature) for key in ordered]
    return encode(["bytes[]", "bytes[]"], [[bytes.fromhex(key.address[2:]) for key in ordered], signatures])


def _word(value: int | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.to_bytes(32, "big")
