"""The errors of `oracle`.

OracleError
|-- LedgerError           the ledger file is missing, of another asset, or of another schema: stop
|   `-- TransactionSpoiled  a part of a transaction failed, and its caller went on: nothing of it is stored, stop
|-- SettlementError       a settlement that cannot be computed from what the log holds: the day is held, others go on
|   `-- DocumentRefused   a document of the log that cannot be read as what it should be
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


class TransactionSpoiled(LedgerError):
    """A joined transaction failed, or the database took the transaction back, and the outer one went on; all of it is taken back.

    The first failure is the `__cause__`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"nothing of this transaction is stored: {reason}")


class SettlementError(OracleError):
    """A settlement that cannot be computed from what the log holds."""


class DocumentRefused(SettlementError):
    """A document of the log that is not what it should be.

    Attributes:
        document: which one, as `terms`.
        field: where in it, as `$.points[0].role`; `$` is the whole.
        reason: what is wrong there.
    """

    def __init__(self, document: str, field: str, reason: str) -> None:
        self.document = document
        self.field = field
        self.reason = reason
        super().__init__(f"{document}: {field} {reason}")


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
