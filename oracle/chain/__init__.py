"""The chain: deployment, declarations, funding, payouts, and the follower that brings events into the ledger."""
