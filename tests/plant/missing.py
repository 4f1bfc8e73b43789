"""What a test does where a tool that it needs is not installed."""

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skip by name: who develops needs not have everything. CI has, so there it is a failure.

    Args:
        what: is missing, and what installs it.
    """
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
