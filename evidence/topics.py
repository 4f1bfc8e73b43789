"""MQTT topics: `ho/1/<asset>/<gateway>/<leaf>` (spec/topics.md).

The gateway's segment is the common name of its certificate, so that a broker can let each gateway use only its own topics. Intake takes
nothing from a topic but where to send the answer.
"""

from dataclasses import dataclass

from evidence import tags
from evidence.errors import Malformed

_PREFIX = "ho/1"

UP = "up"  # bundles, gateway to oracle
ASK = "ask"  # head requests, gateway to oracle
DOWN = "down"  # answers and heads, oracle to gateway
PRESENCE = "presence"  # birth and will, retained; presence is no evidence


@dataclass(frozen=True, slots=True)
class Topic:
    """A parsed topic."""

    asset: str
    gateway: str
    leaf: str

    def __str__(self) -> str:
        return f"{_PREFIX}/{self.asset}/{self.gateway}/{self.leaf}"


def subscription(asset: str, leaf: str) -> str:
    """The filter with which an oracle hears every gateway of an asset."""
    return f"{_PREFIX}/{asset}/+/{leaf}"


def parse(topic: str) -> Topic:
    """The parts of a topic.

    Raises:
        Malformed: the topic has another shape.
    """
    parts = topic.split("/")
    if len(parts) != 5 or "/".join(parts[:2]) != _PREFIX or parts[4] not in (UP, ASK, DOWN, PRESENCE):
        raise Malformed("topic", f"{topic[:100]!r} is not {_PREFIX}/<asset>/<gateway>/<leaf>")
    for segment in parts[2:4]:
        if not tags.IDENTIFIER.fullmatch(segment):
            raise Malformed("topic", f"segment {segment[:40]!r} is not 1..32 of a-z 0-9 and '-'")
    return Topic(parts[2], parts[3], parts[4])
