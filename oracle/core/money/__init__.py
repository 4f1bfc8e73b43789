"""What energy earned: figures, waterfall, statement and report of a payout period."""
