"""Payouts on the chain: a keeper pushes them, or the holder claims; with the service and config of the keeper."""
