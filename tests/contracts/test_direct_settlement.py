"""Direct settlement on a real node, with documents that the Python code of the gateway's side signs: with and without P-256 in the node.

The log has 1,000,000 entries, so that the gas is what an asset pays after some years.
"""

import pytest
from web3 import HTTPProvider, Web3

from bench.gas.chain import GENESIS, Chain
from bench.gas.direct_site import EXPORT_WH, IMPORT_WH, METERS, PERIODS, settled
from tests.plant.anvil_node import running_anvil

# Whoever comes first in a period pays for its storage slot, and asks the registry which entry was in force.
FIRST_OF_A_PERIOD = 28_000


# With the precompile of EIP-7951 from Osaka on; without it OpenZeppelin's Solidity verifies.
@pytest.mark.slow
@pytest.mark.parametrize(("hardfork", "most_gas"), [("osaka", 100_000), ("cancun", 400_000)])
def test_meters_settle_from_a_log_of_a_million_entries(hardfork: str, most_gas: int) -> None:
    with running_anvil("--timestamp", str(GENESIS), hardfork=hardfork) as node:
        asset, site, gas = settled(Chain(Web3(HTTPProvider(node.url))))
        direct = asset.direct.functions
        for period in range(PERIODS):
            assert direct.figures(period).call() == [METERS * EXPORT_WH, METERS * IMPORT_WH, 0]
        assert direct.figures(PERIODS).call() == [0, 0, METERS]
        for meter in range(METERS):
            stored = direct.registerOf(site.binding_hash(meter)).call()
            assert stored == (*site.registers(meter, PERIODS), 0, PERIODS, True)
    steady = [used for (meter, boundary), used in gas.items() if boundary > 0 and meter > 0]
    first = [used for (meter, boundary), used in gas.items() if boundary > 0 and meter == 0]
    assert max(steady) <= most_gas, gas
    assert max(first) <= most_gas + FIRST_OF_A_PERIOD, gas
