"""What one act costs, and what the like of it costs elsewhere."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """An act of ours, measured.

    Attributes:
        work: what is done, in words; names the row.
        gas: of the whole transaction; where the words say so, divided by the holders in it and rounded up.
        target: the most that it may cost, or None.
        peers: gas of the same work done by others, by what they are called.
    """

    work: str
    gas: int
    target: int | None = None
    peers: dict[str, int] = field(default_factory=dict)

    @property
    def missed(self) -> bool:
        """Whether it costs more than it may."""
        return self.target is not None and self.gas > self.target
