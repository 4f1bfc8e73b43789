"""Lines over TCP: what counts as an answer, and what never does, whatever the far end sends or leaves."""

import queue
import select
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from gateway.core.meter_answer import MeterAnswer, Outcome
from gateway.lines.dlt645_line import Dlt645Line
from gateway.lines.meter_line import MeterLine
from gateway.lines.modbus_line import ModbusLine
from gateway.lines.serial_port import SerialPort
from gateway.lines.tcp_stream import TcpStream, tcp_address
from meters import dlt645, modbus_rtu, modbus_tcp, sunspec

UNIT = 7
ADDRESS = "000000193600"
Entry = bytes | Callable[[bytes], bytes] | None
HANG_UP = None


class TcpSlave:
    """Answers the nth request, over all connections, with the nth entry of a script; None hangs up; the last entry stays."""

    def __init__(self, *script: Entry) -> None:
        self.requests: list[bytes] = []
        self.connections: queue.Queue[None] = queue.Queue()
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._connection: socket.socket | None = None
        self._wake_read, self._wake_write = socket.socketpair()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._wake_write.send(b"x")
        self._thread.join(10)
        for one in (self._listener, self._wake_read, self._wake_write, self._connection):
            if one is not None:
                one.close()

    def _serve(self) -> None:
        while True:
            waiting: list[socket.socket] = [self._wake_read, self._listener]
            if self._connection is not None:
                waiting.append(self._connection)
            readable, _, _ = select.select(waiting, [], [])
            if self._wake_read in readable:
                return
            if self._listener in readable:
                self._hang_up()
                self._connection, _ = self._listener.accept()
                self.connections.put(None)
                continue
            assert self._connection is not None
            try:
                request = self._connection.recv(4096)
            except ConnectionResetError:  # closed with bytes that nobody had read
                request = b""
            if not request:
                self._hang_up()
                continue
            entry = self._script[min(len(self.requests), len(self._script) - 1)]
            self.requests.append(request)
            if entry is None:
                self._hang_up()
            else:
                self._connection.sendall(entry if isinstance(entry, bytes) else entry(request))

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


MakeSlave = Callable[..., TcpSlave]


@pytest.fixture
def far() -> Iterator[MakeSlave]:
    made: list[TcpSlave] = []

    def make(*script: Entry) -> TcpSlave:
        made.append(TcpSlave(*script))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def opened() -> Iterator[list[MeterLine]]:
    lines: list[MeterLine] = []
    yield lines
    for line in lines:
        line.close()


# A busy machine stands still for some hundred ms, and nobody was silent; where somebody is, it costs the test this time.
TIMEOUT_MS = 1_000


def port_to(port: int, timeout_ms: int = TIMEOUT_MS) -> SerialPort:
    return SerialPort(
        line="a", path=f"tcp://127.0.0.1:{port}", baudrate=9600, parity="none", timeout_ms=timeout_ms, quiet_ms=60
    )


def modbus(
    port: int, opened: list[MeterLine], *, mbap: bool = True, known: bool = True, timeout_ms: int = TIMEOUT_MS
) -> MeterLine:
    counts: Counter[str] = Counter()
    protocol = ModbusLine(wire := port_to(port, timeout_ms), counts, mbap=mbap)
    if known:
        protocol._model_address[UNIT] = sunspec.MODEL_103_ADDRESS
    opened.append(MeterLine(wire, protocol, counts, attempts=1))
    return opened[-1]


def dlt(port: int, opened: list[MeterLine], *, power: bool = False) -> MeterLine:
    counts: Counter[str] = Counter()
    wire = port_to(port)
    protocol = Dlt645Line(wire, counts, with_power=frozenset({ADDRESS}) if power else frozenset())
    opened.append(MeterLine(wire, protocol, counts, attempts=1))
    return opened[-1]


def inverter(wh: int, *, unit: int = UNIT, transaction: int | None = None) -> Callable[[bytes], bytes]:
    """Answers a Modbus TCP read of its image; with another transaction number when one is given."""
    registers = sunspec.build_image({"SN": "1"}, {"WH": wh, "WH_SF": 0, "W": 5, "W_SF": 0})

    def answer(request: bytes) -> bytes:
        at, count = int.from_bytes(request[8:10], "big") - sunspec.BASE, int.from_bytes(request[10:12], "big")
        if at < 0 or at + count > len(registers):
            return refused(modbus_rtu.ILLEGAL_ADDRESS)(request)
        body = modbus_rtu.encode_read_answer(unit, registers[at : at + count])[:-2]
        number = int.from_bytes(request[:2], "big") if transaction is None else transaction
        return modbus_tcp.encode_answer(number, body)

    return answer


def refused(code: int) -> Callable[[bytes], bytes]:
    return lambda request: modbus_tcp.encode_answer(int.from_bytes(request[:2], "big"), bytes((UNIT, 0x83, code)))


def nonzero(line: MeterLine) -> dict[str, int]:
    return {name: count for name, count in line.counts.items() if count and name != "asked"}


def test_an_inverter_behind_modbus_tcp_is_found_and_read(far: MakeSlave, opened: list[MeterLine]) -> None:
    line = modbus(far(inverter(123)).port, opened, known=False)
    assert line.poll(str(UNIT), tariffs=False) == MeterAnswer(123, power_w=5, raw_forward=123)
    assert line.problem == ""


@pytest.mark.parametrize(
    ("said", "outcome", "counter"),
    [
        (lambda request: inverter(1)(request)[:-3], Outcome.DAMAGED, "damaged"),
        (lambda request: inverter(1)(request) + b"\0", Outcome.DAMAGED, "damaged"),
        (lambda request: b"\0" + inverter(1)(request), Outcome.DAMAGED, "damaged"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Outcome.DAMAGED, "damaged"),
        (inverter(1, unit=9), Outcome.FOREIGN, "foreign"),
        (inverter(1, transaction=0xBEEF), Outcome.FOREIGN, "late"),
        (refused(modbus_rtu.DEVICE_BUSY), Outcome.REFUSED, "refused"),
        (refused(modbus_rtu.PATH_UNAVAILABLE), Outcome.NO_ANSWER, "no_answer"),
        (refused(modbus_rtu.TARGET_SILENT), Outcome.NO_ANSWER, "no_answer"),
        (modbus_tcp.encode_answer(0xBEEF, bytes((UNIT, 3, 2, 0, 1))) * 1_000, Outcome.DAMAGED, "damaged"),
        (b"", Outcome.NO_ANSWER, "no_answer"),
        (HANG_UP, Outcome.NO_ANSWER, "unusable"),
    ],
    ids=[
        "truncated",
        "trailing",
        "leading",
        "no modbus",
        "other unit",
        "late",
        "exception",
        "no path",
        "silent target",
        "babble",
        "silence",
        "hangs up",
    ],
)
def test_what_is_no_answer_over_modbus_tcp_is_counted_and_never_a_reading(
    far: MakeSlave, opened: list[MeterLine], said: Entry, outcome: Outcome, counter: str
) -> None:
    line = modbus(far(said).port, opened)
    assert line.poll(str(UNIT), tariffs=False) is outcome
    assert nonzero(line) == {counter: 1}


@pytest.mark.parametrize("count", [8, 16])
def test_a_late_answer_before_the_right_one_is_skipped(far: MakeSlave, opened: list[MeterLine], count: int) -> None:
    """Far more often than pymodbus would bear in a row: `count` silent polls, then two answers at once."""
    late: list[bytes] = []

    def silent(request: bytes) -> bytes:
        late.append(inverter(1_000)(request))
        return b""

    slave = far(*[silent] * count, lambda request: late[-1] + inverter(2_000)(request))
    line = modbus(slave.port, opened, timeout_ms=500)
    for _ in range(count):
        assert line.poll(str(UNIT), tariffs=False) is Outcome.NO_ANSWER
    answer = line.poll(str(UNIT), tariffs=False)
    assert isinstance(answer, MeterAnswer)
    assert answer.forward_wh == 2_000
    assert nonzero(line) == {"no_answer": count, "late": 1, "answered": 1}


def test_rtu_frames_over_tcp_keep_their_crc(far: MakeSlave, opened: list[MeterLine]) -> None:
    registers = sunspec.build_image({}, {"WH": 9, "WH_SF": 0})

    def answer(request: bytes) -> bytes:
        at, count = int.from_bytes(request[2:4], "big") - sunspec.BASE, int.from_bytes(request[4:6], "big")
        return modbus_rtu.encode_read_answer(UNIT, registers[at : at + count])

    slave = far(answer, lambda request: answer(request)[:-1] + bytes((answer(request)[-1] ^ 1,)))
    line = modbus(slave.port, opened, mbap=False)
    assert line.poll(str(UNIT), tariffs=False) == MeterAnswer(9, raw_forward=9)
    assert line.poll(str(UNIT), tariffs=False) is Outcome.DAMAGED
    assert nonzero(line) == {"answered": 1, "damaged": 1}


def test_a_connection_that_idles_out_costs_no_reading(far: MakeSlave, opened: list[MeterLine]) -> None:
    def answer_and_leave(request: bytes) -> bytes:
        return inverter(1)(request)

    slave = far(answer_and_leave)
    line = modbus(slave.port, opened)
    for _ in range(3):
        assert isinstance(line.poll(str(UNIT), tariffs=False), MeterAnswer)
        slave.connections.get(timeout=60)
        connection = slave._connection
        assert connection is not None
        connection.shutdown(socket.SHUT_RDWR)
        # That it has been closed reaches the other end a moment later; a poll before that does cost a reading.
        near = line._port._port
        assert isinstance(near, TcpStream)
        assert select.select([near.socket], [], [], 60)[0]
    assert nonzero(line) == {"answered": 3}


def test_an_address_where_nobody_listens_is_not_tried_again_at_once(nobodys_port: int) -> None:
    instant = 0
    address = tcp_address(f"tcp://127.0.0.1:{nobodys_port}")
    with pytest.raises(ConnectionRefusedError) as first:
        address.connect(1, lambda: instant)
    with pytest.raises(ConnectionError) as second:
        address.connect(1, lambda: instant)
    # The same words, so that an alarm is logged once; but nobody was asked.
    assert str(second.value) == str(first.value)
    assert not isinstance(second.value, ConnectionRefusedError)
    instant = 60_000
    with pytest.raises(ConnectionRefusedError):
        address.connect(1, lambda: instant)


def test_a_line_that_is_away_counts_and_comes_back(opened: list[MeterLine], nobodys_port: int) -> None:
    line = modbus(nobodys_port, opened)
    assert line.poll(str(UNIT), tariffs=False) is Outcome.NO_ANSWER
    assert line.poll(str(UNIT), tariffs=False) is Outcome.NO_ANSWER
    assert nonzero(line) == {"unusable": 2}
    assert "refused" in line.problem


# ---------------------------------------------------------------- SunSpec discovery


def placed(base: int, model: int, *, silent_elsewhere: bool = False) -> Callable[[bytes], bytes]:
    """A Modbus TCP device whose map begins at `base`."""
    image = list(sunspec.build_image({}, {"WH": 77, "WH_SF": 0}))
    image[sunspec.MODEL_103_ADDRESS - sunspec.BASE] = model

    def answer(request: bytes) -> bytes:
        at, count = int.from_bytes(request[8:10], "big") - base, int.from_bytes(request[10:12], "big")
        if at < 0 or at + count > len(image):
            return b"" if silent_elsewhere else refused(modbus_rtu.ILLEGAL_ADDRESS)(request)
        body = modbus_rtu.encode_read_answer(UNIT, image[at : at + count])[:-2]
        return modbus_tcp.encode_answer(int.from_bytes(request[:2], "big"), body)

    return answer


@pytest.mark.parametrize("base", sunspec.BASES)
@pytest.mark.parametrize("model", sunspec.INVERTER_MODELS)
def test_a_map_is_found_at_each_base(far: MakeSlave, opened: list[MeterLine], base: int, model: int) -> None:
    line = modbus(far(placed(base, model)).port, opened, known=False)
    assert line.poll(str(UNIT), tariffs=False) == MeterAnswer(77, raw_forward=77)


def test_a_device_that_is_silent_for_what_it_has_not_is_found_too(far: MakeSlave, opened: list[MeterLine]) -> None:
    line = modbus(far(placed(50_000, 103, silent_elsewhere=True)).port, opened, known=False)
    outcomes = [line.poll(str(UNIT), tariffs=False) for _ in range(3)]
    assert outcomes[:2] == [Outcome.NO_ANSWER] * 2
    assert isinstance(outcomes[2], MeterAnswer)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (placed(40_000, 113), "model is 113 (floating point, whose energy is not exact), expected 101, 102 or 103"),
        (placed(40_000, 201), "model is 201, expected 101, 102 or 103"),
        (placed(30_000, 103), "marker is none, expected 'SunS' at 40000, 0, 50000"),
    ],
    ids=["float", "a meter", "no map"],
)
def test_a_device_that_cannot_be_read_is_named_until_it_can(
    far: MakeSlave, opened: list[MeterLine], said: Callable[[bytes], bytes], problem: str
) -> None:
    script = [said]

    def as_of_now(request: bytes) -> bytes:
        return script[0](request)

    line = modbus(far(as_of_now).port, opened, known=False)
    assert line.poll(str(UNIT), tariffs=False) is Outcome.FOREIGN
    assert f"address {UNIT}: SunSpec {problem}" in line.problem
    assert line.counts["model"] == 1
    script[0] = placed(40_000, 103)
    assert isinstance(line.poll(str(UNIT), tariffs=False), MeterAnswer)
    assert line.problem == ""


def test_a_device_that_is_exchanged_for_one_with_another_base_is_found_again(
    far: MakeSlave, opened: list[MeterLine]
) -> None:
    first, second = placed(40_000, 103), placed(0, 102)
    installed = [first]

    def as_of_now(request: bytes) -> bytes:
        return installed[0](request)

    line = modbus(far(as_of_now).port, opened, known=False)
    assert isinstance(line.poll(str(UNIT), tariffs=False), MeterAnswer)
    installed[0] = second
    assert line.poll(str(UNIT), tariffs=False) is Outcome.REFUSED
    assert isinstance(line.poll(str(UNIT), tariffs=False), MeterAnswer)


def test_a_length_that_leads_past_the_registers_is_no_crash(far: MakeSlave, opened: list[MeterLine]) -> None:
    def endless(request: bytes) -> bytes:
        count = int.from_bytes(request[10:12], "big")
        registers = [*sunspec.MARKER, 1, 0xFFFF, *[7] * 10][:count]
        body = modbus_rtu.encode_read_answer(UNIT, registers)[:-2]
        return modbus_tcp.encode_answer(int.from_bytes(request[:2], "big"), body)

    line = modbus(far(endless).port, opened, known=False)
    assert line.poll(str(UNIT), tariffs=False) is Outcome.FOREIGN
    assert "length of model 1 is 65535" in line.problem


# ---------------------------------------------------------------- DL/T 645


def meter(power: bytes | None = None, *, wake_ups: int = 0) -> Callable[[bytes], bytes]:
    def answer(request: bytes) -> bytes:
        (frame,) = dlt645.FrameDecoder().feed(request)
        assert isinstance(frame, dlt645.Frame)
        item = dlt645.requested_identifier(frame)
        if item == dlt645.POWER_TOTAL:
            return dlt645.error_answer(ADDRESS, dlt645.NO_SUCH_DATA) if power is None else power
        return b"\xfe" * wake_ups + dlt645.energy_answer(ADDRESS, item, [36_300])

    return answer


@pytest.mark.parametrize("wake_ups", [0, 1, 4, 16])
def test_a_meter_behind_tcp_may_wake_up_as_long_as_it_likes(
    far: MakeSlave, opened: list[MeterLine], wake_ups: int
) -> None:
    line = dlt(far(meter(wake_ups=wake_ups)).port, opened)
    assert line.poll(ADDRESS, tariffs=False) == MeterAnswer(36_300, 36_300)
    assert nonzero(line) == {"answered": 1}


@pytest.mark.parametrize(
    ("said", "outcome", "counter"),
    [
        (lambda request: meter()(request)[:-3], Outcome.DAMAGED, "damaged"),
        (dlt645.energy_answer("000000000042", dlt645.FORWARD_TOTAL, [10]), Outcome.FOREIGN, "foreign"),
        (dlt645.energy_answer(ADDRESS, dlt645.REVERSE_TOTAL, [10]), Outcome.FOREIGN, "late"),
        (dlt645.error_answer(ADDRESS, dlt645.OTHER_ERROR), Outcome.REFUSED, "refused"),
        (dlt645.energy_answer("000000000042", dlt645.FORWARD_TOTAL, [10]) * 200, Outcome.FOREIGN, "foreign"),
        (b"", Outcome.NO_ANSWER, "no_answer"),
        (HANG_UP, Outcome.NO_ANSWER, "unusable"),
    ],
    ids=["truncated", "other meter", "other item", "error word", "babble", "silence", "hangs up"],
)
def test_what_is_no_answer_of_a_meter_behind_tcp_is_counted_and_never_a_reading(
    far: MakeSlave, opened: list[MeterLine], said: Entry, outcome: Outcome, counter: str
) -> None:
    line = dlt(far(said).port, opened)
    assert line.poll(ADDRESS, tariffs=False) is outcome
    assert nonzero(line) == {counter: 1}


@pytest.mark.parametrize(
    ("power", "watts", "counted"),
    [
        (dlt645.power_answer(ADDRESS, 15_559), 1555, {}),
        (dlt645.power_answer(ADDRESS, -15_559), -1556, {}),
        (None, None, {}),
        (b"", None, {"no_answer": 1}),
        (dlt645.power_answer(ADDRESS, 15_559)[:-1], None, {"damaged": 1}),
        (dlt645.power_answer("000000000042", 15_559), None, {"foreign": 1}),
        (dlt645.energy_answer(ADDRESS, dlt645.FORWARD_TOTAL, [10]), None, {"late": 1}),
    ],
    ids=["forward", "reverse", "refused", "silence", "truncated", "other meter", "other item"],
)
def test_whatever_comes_of_the_power_the_registers_are_kept(
    far: MakeSlave, opened: list[MeterLine], power: bytes | None, watts: int | None, counted: dict[str, int]
) -> None:
    line = dlt(far(meter(power)).port, opened, power=True)
    for times in (1, 2):
        assert line.poll(ADDRESS, tariffs=False) == MeterAnswer(36_300, 36_300, power_w=watts)
        assert nonzero(line) == {"answered": times, **{name: times * count for name, count in counted.items()}}
