"""The acts of the owner on the chain: contracts are deployed, roles given, shares minted, periods funded."""
