"""Every act that costs holders, oracle or treasury gas, in the order of the table."""

from bench.gas import direct, evidence, money, shares
from bench.gas.asset import Asset
from bench.gas.chain import GAS_LIMIT, fixed_chain
from bench.gas.figure import Figure


def measure() -> list[Figure]:
    """All figures, ours and the peers', from one run on one chain."""
    with fixed_chain() as chain:
        one = Asset(chain, signers=1, threshold=1)
        three = Asset(chain, signers=5, threshold=3)
        return [
            *evidence.figures(chain, one, three),
            *direct.figures(chain),
            *money.figures(chain, three),
            *shares.figures(chain, three),
            Figure("begin an asset", three.begin_gas, GAS_LIMIT),
            Figure("complete an asset", three.complete_gas, GAS_LIMIT),
        ]
