"""The errors of `cli`: a user's mistake, as one line with its exit code."""


class UsageError(Exception):
    """Something the user can put right; printed as one line, exit code 2."""


class CommandFailed(Exception):
    """The command was right, and the work did not succeed; printed as one line, exit code 1."""
