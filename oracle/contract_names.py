"""The contracts of one asset, by the names that files, ledger and API use; in the order of `[chain]` in an asset file."""

CONTRACT_NAMES = ("access", "gate", "share", "registry", "declarations", "distributor", "token")
