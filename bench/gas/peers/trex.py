"""A real T-REX 4.1.6 token with everything it needs, behind its own proxies, from the compiled artifacts of its npm package."""

from typing import Any

from bench.gas.chain import Chain
from bench.gas.peers.compiled import ONCHAIN_ID, published, trex

NOBODY = "0x" + "00" * 20
COUNTRY = 156
VERSION = (4, 1, 6)
DECIMALS = 18
HELD = 10**21
# The authority is the one that others would follow, and an identity is a contract of its own.
IS_REFERENCE, IS_LIBRARY = True, False


class TrexToken:
    """The first account owns the token and is its agent.

    Attributes:
        contract: the token.
    """

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        owner = chain.accounts[0]
        authority = self._create("proxy/authority/TREXImplementationAuthority", IS_REFERENCE, NOBODY, NOBODY)
        logic = tuple(
            self._create(path).address
            for path in (
                "token/Token",
                "registry/implementation/ClaimTopicsRegistry",
                "registry/implementation/IdentityRegistry",
                "registry/implementation/IdentityRegistryStorage",
                "registry/implementation/TrustedIssuersRegistry",
                "compliance/modular/ModularCompliance",
            )
        )
        chain.send(authority.functions.addAndUseTREXVersion(VERSION, logic))
        topics = self._create("proxy/ClaimTopicsRegistryProxy", authority.address)
        issuers = self._create("proxy/TrustedIssuersRegistryProxy", authority.address)
        store = self._behind(
            "proxy/IdentityRegistryStorageProxy", "registry/implementation/IdentityRegistryStorage", authority
        )
        links = (issuers.address, topics.address, store.address)
        self._identities = self._behind(
            "proxy/IdentityRegistryProxy", "registry/implementation/IdentityRegistry", authority, *links
        )
        chain.send(store.functions.bindIdentityRegistry(self._identities.address))
        self._compliance = self._behind(
            "proxy/ModularComplianceProxy", "compliance/modular/ModularCompliance", authority
        )
        terms = (self._identities.address, self._compliance.address, "Sun token", "SUNT", DECIMALS, NOBODY)
        self.contract = self._behind("proxy/TokenProxy", "token/Token", authority, *terms)
        chain.send(self._identities.functions.addAgent(owner))
        chain.send(self._identities.functions.addAgent(self.contract.address))
        chain.send(self.contract.functions.addAgent(owner))
        chain.send(self.contract.functions.unpause())

    def admit(self, holder: str) -> None:
        """Gives a holder an identity, and 1,000 tokens."""
        owner = self._chain.accounts[0]
        identity = self._chain.create(published(f"{ONCHAIN_ID}/Identity.sol/Identity.json"), owner, IS_LIBRARY)
        self._chain.send(self._identities.functions.registerIdentity(holder, identity.address, COUNTRY))
        self._chain.send(self.contract.functions.mint(holder, HELD))

    def add_module(self, module: str) -> None:
        """Adds a compliance module, which hears of every transfer from now on."""
        self._chain.send(self._compliance.functions.addModule(module))

    def _create(self, path: str, *arguments: object) -> Any:
        return self._chain.create(trex(path), *arguments)

    def _behind(self, proxy: str, logic: str, authority: Any, *arguments: object) -> Any:
        """A proxy, spoken to by the ABI of what stands behind it."""
        return self._chain.at(trex(logic), self._create(proxy, authority.address, *arguments).address)
