"""The asset's one append-only log."""
