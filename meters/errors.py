"""The errors of `meters`: why bytes from a line are not the registers that were asked for.

    MeterError
    |-- FrameDamaged       a check failed: CRC, checksum, length or end byte; never a reading
    |-- ForeignAnswer      a whole and undamaged answer, but of another slave or to another request; never a reading
    |-- DeviceRefused      the device itself answered with an exception or error code
    |-- ModelMismatch      the registers are not the SunSpec model that was expected
    `-- Unencodable        a value that does not fit its field; a mistake of the caller, not of the line

The first three are usual on a serial line: the driver counts them and asks again.
"""


class MeterError(Exception):
    """Bytes or values that are not what the codec needs; `code` is the stable name for counters."""

    code = "meter"


class FrameDamaged(MeterError):
    """A frame that fails its own check; `protocol` names the format, `problem` the check."""

    code = "damaged"

    def __init__(self, protocol: str, problem: str) -> None:
        self.protocol = protocol
        self.problem = problem
        super().__init__(f"{protocol} frame damaged: {problem}")


class ForeignAnswer(MeterError):
    """An undamaged answer of another slave, or to another request."""

    code = "foreign"

    def __init__(self, protocol: str, *, field: str, expected: object, got: object) -> None:
        self.protocol = protocol
        self.field = field
        self.expected = expected
        self.got = got
        super().__init__(f"{protocol} answer to another request: {field} is {got}, expected {expected}")


class DeviceRefused(MeterError):
    """The device refused the request (Modbus exception code, DL/T 645 error word)."""

    code = "refused"

    def __init__(self, protocol: str, *, address: object, error: int) -> None:
        self.protocol = protocol
        self.address = address
        self.error = error
        super().__init__(f"{protocol} device {address} refused the request with code {error:#04x}")


class ModelMismatch(MeterError):
    """Registers that do not begin with the expected SunSpec model."""

    code = "model"

    def __init__(self, *, field: str, expected: object, got: object) -> None:
        self.field = field
        self.expected = expected
        self.got = got
        super().__init__(f"SunSpec {field} is {got}, expected {expected}")


class Unencodable(MeterError):
    """A value that its field cannot carry."""

    code = "unencodable"

    def __init__(self, field: str, value: object, rule: str) -> None:
        self.field = field
        self.value = value
        self.rule = rule
        super().__init__(f"{field} cannot carry {value!r}: {rule}")
