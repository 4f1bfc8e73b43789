"""A process that dies at a step of a transaction."""

import pytest

from oracle.chain.client import Chain


class Killed(BaseException):
    """The process dies here."""


def kill(patch: pytest.MonkeyPatch, name: str, kind: str, *, before: bool) -> None:
    real = getattr(Chain, name)

    def dying(self: Chain, *args: object, action: str, **rest: object) -> object:
        if not action.startswith(kind):
            return real(self, *args, action=action, **rest)
        if before:
            raise Killed
        real(self, *args, action=action, **rest)
        raise Killed

    patch.setattr(Chain, name, dying)
