"""The oracle's decisions: pure functions on plain data."""
