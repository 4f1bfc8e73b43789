"""The oracle: intake, ledger, log, settlement and chain."""
