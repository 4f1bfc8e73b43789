"""The errors of `oracle`.

OracleError
|-- LedgerError           the ledger file is missing, of another asset, or of another schema: stop
|-- SettlementError       a settlement that cannot be computed from what the log holds: the day is held, others go on
|-- ChainError
|   |-- ChainUnreachable  retried with back-off
|   |-- ChainRefused      a call that reverted, with the contract's reason: not retried as it is
|   `-- ChainConflict     the chain holds something this oracle did not write: stop, a person must look
`-- Fatal                 stops the process; the message says what to do
"""


class OracleError(Exception):
    """Anything the oracle cannot do."""


class Fatal(OracleError):
    """Stops the process."""


class LedgerError(OracleError):
    """The ledger cannot be used as it is."""


class SettlementError(OracleError):
    """A settlement that cannot be computed from what the log holds."""


class ChainError(OracleError):
    """The chain would not, or could not."""


class ChainUnreachable(ChainError):
    """No answer from the node; retried."""


class ChainRefused(ChainError):
    """The contract reverted.

    Attributes:
        action: what was tried.
        reason: the contract's error, decoded with its arguments where the ABI knows it.
    """

    def __init__(self, *, action: str, reason: str) -> None:
        self.action = action
        self.reason = reason
        super().__init__(f"{action}: the contract refused: {reason}")


class ChainConflict(ChainError):
    """The chain holds something that this oracle did not write."""
