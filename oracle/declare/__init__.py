"""The acts of the oracle on the chain: the log is anchored, reports are declared, disputes answered, events followed."""
