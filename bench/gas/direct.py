"""What it costs to settle a meter on chain, out of a log of a million entries, with documents that meters' keys sign."""

from collections.abc import Iterator
from hashlib import sha256

from eth_utils.crypto import keccak

from bench.gas.chain import Chain
from bench.gas.direct_site import LOG_SIZE, PERIODS, DirectSite, settled
from bench.gas.figure import Figure
from bench.gas.peers.compiled import peers

TARGET = 100_000
PEER = "a signed document under a root, OpenZeppelin P256 and MerkleProof"


def figures(chain: Chain) -> Iterator[Figure]:
    """Of an asset with three meters that settles them itself."""
    with chain.undone():
        _, site, gas = settled(chain)
        later = max(used for (meter, boundary), used in gas.items() if boundary and meter)
        first = max(used for (meter, boundary), used in gas.items() if boundary and not meter)
        beside = {PEER: _peer(chain, site)}
        yield Figure("settle a meter directly, later meters of a period", later, TARGET, beside)
        yield Figure("settle a meter directly, first meter of a period", first, TARGET, beside)


def _peer(chain: Chain, site: DirectSite) -> int:
    """The dearest of the documents after the first, under a tree as high as the log's."""
    peer = chain.create(peers()["SignedDocument"])
    used = []
    for boundary in range(PERIODS + 1):
        header, signature, point = site.signed(boundary)
        proof = [keccak(text=f"sibling {height}") for height in range(LOG_SIZE.bit_length())]
        chain.send(peer.functions.accept(_climbed(sha256(header).digest(), proof)))
        used.append(chain.send(peer.functions.settle(header, signature, point, proof)))
    return max(used[1:])


def _climbed(leaf: bytes, proof: list[bytes]) -> bytes:
    """The root that sorted pairs lead to."""
    for sibling in proof:
        leaf = sha256(b"".join(sorted((leaf, sibling)))).digest()
    return leaf
