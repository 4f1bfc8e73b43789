"""The ledger: SQLite through sqlite-utils; one writer, read-only readers."""
