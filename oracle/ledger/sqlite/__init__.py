"""The SQLite side of the ledger: opening, locking and migrating its file."""
