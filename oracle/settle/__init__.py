"""Settlement as the oracle does it: the log is followed, complete days are settled, then the payout periods that they complete."""
