"""What the contracts refuse.

Every refusal is a class with the name of the contract's custom error, and its fields are the error's arguments in
order: whoever reads the model reads the errors of the contracts, and a comparison needs no table of names.
"""


class Refused(Exception):
    """An act that the contract refuses; nothing has changed.

    Attributes:
        facts_unknown: The arguments are of no concern, such as the hashes of somebody's reckoning.
    """

    facts_unknown = False

    @property
    def names(self) -> frozenset[str]:
        """The contract's custom error; more than one where it is the contract's affair which."""
        return frozenset({type(self).__name__})

    @property
    def facts(self) -> tuple[object, ...]:
        """The error's arguments, in order."""
        return self.args

    def __repr__(self) -> str:
        return f"{'/'.join(sorted(self.names))}({', '.join(map(str, self.facts))})"
