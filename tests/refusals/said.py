"""What the house's log said: the facts of its records, as they would stand on the line."""

import pytest


def said(caplog: pytest.LogCaptureFixture, message: str) -> list[dict[str, object]]:
    """The facts of every record with this message."""
    return [getattr(record, "facts", {}) for record in caplog.records if record.getMessage() == message]
