"""The errors of `evidence`: every refusal of a byte string, with its facts as fields.

    EvidenceError
    |-- Malformed            the bytes are not of the format (wrong tag, length, reserved bits)
    |-- BadSignature         the signature does not open under the key, or is not canonical (high-s)
    |-- BadKey               a public point that is not on P-256, or not 64 bytes
    |-- RootMismatch         a Merkle root differs from what the data give
    |-- BadProof             an inclusion or consistency proof that does not lead to its root
    |-- HeaderDisagrees      a header field that its own body contradicts
    `-- EntryDisagrees       a field of a log entry that the entries before it contradict

None of these is ever retried: the same bytes fail the same way for ever.
"""


class EvidenceError(Exception):
    """A byte string that proves nothing; `code` is its stable name in answers and vectors."""

    code = "evidence"


class Malformed(EvidenceError):
    """Bytes that are not of the format; `what` is the format, `problem` the first rule broken."""

    code = "malformed"

    def __init__(self, what: str, problem: str) -> None:
        self.what = what
        self.problem = problem
        super().__init__(f"{what}: {problem}")


class BadSignature(EvidenceError):
    """A signature that does not open, or is not in its one canonical form."""

    code = "bad-signature"

    def __init__(self, what: str, problem: str) -> None:
        self.what = what
        self.problem = problem
        super().__init__(f"{what}: {problem}")


class BadKey(EvidenceError):
    """A public point that is no point of P-256."""

    code = "bad-key"

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"public point: {problem}")


class RootMismatch(EvidenceError):
    """A Merkle root that the leaves do not give."""

    code = "root-mismatch"

    def __init__(self, *, what: str, stated: bytes, computed: bytes) -> None:
        self.what = what
        self.stated = stated
        self.computed = computed
        super().__init__(f"{what}: root {stated.hex()} is stated, the leaves give {computed.hex()}")


class BadProof(EvidenceError):
    """A proof that does not lead to its stated root, or has the wrong shape."""

    code = "bad-proof"

    def __init__(self, what: str, problem: str) -> None:
        self.what = what
        self.problem = problem
        super().__init__(f"{what}: {problem}")


class HeaderDisagrees(EvidenceError):
    """A header field that the header's own body, or the header before it, contradicts."""

    code = "header-disagrees"

    def __init__(self, *, field: str, stated: object, computed: object) -> None:
        self.field = field
        self.stated = stated
        self.computed = computed
        super().__init__(f"header field {field} says {stated}, the readings give {computed}")


class EntryDisagrees(EvidenceError):
    """A field of a block, standing or close entry that the entries before it in the log contradict."""

    code = "entry-disagrees"

    def __init__(self, *, what: str, field: str, stated: object, expected: object) -> None:
        self.what = what
        self.field = field
        self.stated = stated
        self.expected = expected
        super().__init__(f"{what}: field {field} says {stated}, the log before it wants {expected}")
