"""What is brought and paid out, steady: everybody was paid before, so that no slot is written for the first time.

A holder of the peers is paid by a list or by fixed parts, and not by what it held on each day of the period.
"""

from collections.abc import Iterator
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from bench.gas.asset import DISTRIBUTABLE, Asset, artifact, named
from bench.gas.chain import Chain
from bench.gas.figure import Figure
from bench.gas.peers.compiled import OPENZEPPELIN_4, peers, published

HOLDERS = 100
# A list of so many amounts has proofs of ten hashes.
LISTED = 1 << 10
MERKLE = "a Merkle claim, OpenZeppelin MerkleProof, 1,024 holders"
SPLITTER = "PaymentSplitter.release, OpenZeppelin 4.9.6"
LOOP = "a loop of transferFrom, OpenZeppelin SafeERC20"
TRANSFER = "a plain ERC-20 transfer"
DEPOSIT = "ERC4626.deposit, OpenZeppelin"
TRANSFER_FROM = "a plain ERC-20 transferFrom"


def figures(chain: Chain, asset: Asset) -> Iterator[Figure]:
    """Of an asset that has anchored nothing yet."""
    ann, bob, *_ = chain.accounts[1:]
    with chain.undone():
        asset.anchor(3, named("root"), [])
        asset.allow([ann, bob])
        asset.mint(ann, 60)
        asset.mint(bob, 40)
        yield Figure("fund, steady", _fund(chain, asset), 115_000, _peers_of_fund(chain, asset))
        merkle, split = _merkle(chain, asset, ann), _splitter(chain, asset, ann)
        gas = _claim(chain, asset, ann, 1)
        yield Figure("claim of 1 period, steady", gas, 75_000, {MERKLE: merkle, SPLITTER: split})
        gas = _claim(chain, asset, ann, 12)
        peers_gas = {f"{MERKLE}, 12 times": 12 * merkle, SPLITTER: split}
        yield Figure("claim of 12 periods, steady", gas, 150_000, peers_gas)
    with chain.undone():
        asset.anchor(3, named("root"), [])
        yield Figure(
            f"push, per holder of {HOLDERS}, steady", _push(chain, asset), 30_000, _peers_of_push(chain, asset)
        )


def _fund(chain: Chain, asset: Asset) -> int:
    with chain.undone():
        asset.fund(0, 3)
        return asset.fund(1, 3)


def _claim(chain: Chain, asset: Asset, holder: str, periods: int) -> int:
    with chain.undone():
        asset.fund(0, 3)
        chain.send(asset.distributor.functions.claim(1), holder)
        for period in range(1, periods + 1):
            asset.fund(period, 3)
        return chain.send(asset.distributor.functions.claim(periods + 1), holder)


def _crowd() -> list[str]:
    """Addresses that nobody has a key of."""
    return [f"0x{named(f'holder {number}')[:20].hex()}" for number in range(HOLDERS)]


def _push(chain: Chain, asset: Asset) -> int:
    with chain.undone():
        holders = [chain.web3.to_checksum_address(address) for address in _crowd()]
        asset.allow(holders)
        for holder in holders:
            asset.mint(holder, 10)
        asset.fund(1, 3)
        asset.fund(2, 3)
        chain.send(asset.distributor.functions.push(holders, 1))
        used = chain.send(asset.distributor.functions.push(holders, 2))
        assert asset.distributor.functions.cursorOf(holders[-1]).call() == 2, "it stopped short"
        return _each(used)


def _each(used: int) -> int:
    """Gas per holder, rounded up."""
    return -(-used // HOLDERS)


# ---------------------------------------------------------------- the peers


def _money(chain: Chain, asset: Asset) -> Any:
    """Play money, of which the first account has plenty."""
    token = chain.create(artifact("DemoStablecoin"), asset.owner)
    chain.send(token.functions.mint(asset.owner, 10**15))
    return token


def _peers_of_fund(chain: Chain, asset: Asset) -> dict[str, int]:
    with chain.undone():
        token = _money(chain, asset)
        vault = chain.create(peers()["Vault"], token.address)
        chain.send(token.functions.approve(vault.address, 2**256 - 1))
        chain.send(vault.functions.deposit(DISTRIBUTABLE, asset.owner))
        deposit = chain.send(vault.functions.deposit(DISTRIBUTABLE, asset.owner))
        other = chain.accounts[1]
        chain.send(token.functions.approve(other, 2**256 - 1))
        chain.send(token.functions.transferFrom(asset.owner, other, DISTRIBUTABLE), other)
        moved = chain.send(token.functions.transferFrom(asset.owner, other, DISTRIBUTABLE), other)
        return {DEPOSIT: deposit, TRANSFER_FROM: moved}


def _merkle(chain: Chain, asset: Asset, holder: str) -> int:
    """The second claim of a holder, in a period in which its neighbour has claimed already."""
    with chain.undone():
        token = _money(chain, asset)
        claims = chain.create(peers()["MerkleClaim"], token.address)
        chain.send(token.functions.transfer(claims.address, 10**14))
        amount, neighbour = DISTRIBUTABLE // LISTED, chain.accounts[2]
        leaves = [_listed(index, who, amount) for index, who in enumerate((holder, neighbour))]
        leaves += [named(f"leaf {index}") for index in range(2, LISTED)]
        root, proofs = _sorted_pairs(leaves)
        used = 0
        for period in (0, 1):
            chain.send(claims.functions.publish(root))
            chain.send(claims.functions.claim(period, 1, neighbour, amount, proofs(1)))
            used = chain.send(claims.functions.claim(period, 0, holder, amount, proofs(0)), holder)
        return used


def _listed(index: int, account: str, amount: int) -> bytes:
    """The leaf of one line of the list."""
    return keccak(keccak(encode(["uint256", "address", "uint256"], [index, account, amount])))


def _sorted_pairs(leaves: list[bytes]) -> tuple[bytes, Any]:
    """Root and proofs of a full tree whose nodes are hashes of sorted pairs, as OpenZeppelin's MerkleProof takes them."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([keccak(b"".join(sorted(below[at : at + 2]))) for at in range(0, len(below), 2)])

    def proof(index: int) -> list[bytes]:
        return [level[index >> height ^ 1] for height, level in enumerate(levels[:-1])]

    return levels[-1][0], proof


def _splitter(chain: Chain, asset: Asset, holder: str) -> int:
    """The second release to a holder of 60 parts in 100; how many payments came in between makes no difference."""
    with chain.undone():
        token = _money(chain, asset)
        splitter = chain.create(
            published(f"{OPENZEPPELIN_4}/PaymentSplitter.json"), [holder, chain.accounts[2]], [60, 40]
        )
        release = splitter.get_function_by_signature("release(address,address)")
        used = 0
        for _ in range(2):
            chain.send(token.functions.transfer(splitter.address, DISTRIBUTABLE))
            used = chain.send(release(token.address, holder), holder)
        return used


def _peers_of_push(chain: Chain, asset: Asset) -> dict[str, int]:
    with chain.undone():
        token = _money(chain, asset)
        loop = chain.create(peers()["Disperser"])
        chain.send(token.functions.approve(loop.address, 2**256 - 1))
        holders = [chain.web3.to_checksum_address(address) for address in _crowd()]
        amounts = [DISTRIBUTABLE // HOLDERS] * HOLDERS
        chain.send(loop.functions.pay(token.address, holders, amounts))
        used = chain.send(loop.functions.pay(token.address, holders, amounts))
        moved = chain.send(token.functions.transfer(holders[0], amounts[0]))
        return {LOOP: _each(used), TRANSFER: moved}
