"""The two serial drivers on real ptys: what counts as an answer, and what never does."""

from collections import Counter
from collections.abc import Callable

import pytest

from gateway.core.meter_answer import MeterAnswer, Outcome
from gateway.lines.dlt645_line import Dlt645Line
from gateway.lines.meter_line import MeterLine
from gateway.lines.modbus_line import ModbusLine
from gateway.lines.serial_port import SerialPort
from meters import dlt645, modbus_rtu, sunspec
from tests.plant.scripted_slave import ScriptedSlave

UNIT = 7
ADDRESS = "000000193600"
OTHER = "000000000042"
COMMON = {"Mn": "helioracle", "Md": "sim", "SN": "SIM-1"}
MakeSlave = Callable[..., ScriptedSlave]


def image(wh: int, sf: int | None = 0, *, watts: int | None = 1200) -> tuple[int, ...]:
    return sunspec.build_image(COMMON, {"WH": wh, "WH_SF": sf, "W": watts, "W_SF": 0})


def inverter(registers: tuple[int, ...], unit: int = UNIT) -> Callable[[bytes], bytes]:
    """Answers any read of its image."""

    def answer(request: bytes) -> bytes:
        address, count = int.from_bytes(request[2:4], "big"), int.from_bytes(request[4:6], "big")
        at = address - sunspec.BASE
        return modbus_rtu.encode_read_answer(unit, registers[at : at + count])

    return answer


# A busy machine stands still for some hundred ms, and nobody was silent; where somebody is, it costs the test this second.
TIMEOUT_MS = 1_000


def port_of(slave: ScriptedSlave) -> SerialPort:
    return SerialPort(line="a", path=slave.path, baudrate=115200, parity="even", timeout_ms=TIMEOUT_MS, quiet_ms=60)


def modbus(slave: ScriptedSlave, *, attempts: int = 1, known: bool = True) -> MeterLine:
    counts: Counter[str] = Counter()
    port = port_of(slave)
    line = ModbusLine(port, counts)
    if known:
        line._model_address[UNIT] = sunspec.MODEL_103_ADDRESS
    return MeterLine(port, line, counts, attempts=attempts)


def dlt(slave: ScriptedSlave, *, attempts: int = 1) -> MeterLine:
    counts: Counter[str] = Counter()
    port = port_of(slave)
    return MeterLine(port, Dlt645Line(port, counts), counts, attempts=attempts)


def asked(request: bytes) -> int:
    """The data item of a DL/T 645 request."""
    (frame,) = dlt645.FrameDecoder().feed(request)
    assert isinstance(frame, dlt645.Frame)
    return dlt645.requested_identifier(frame)


def meter(forward_wh: int, reverse_wh: int | None = 0) -> Callable[[bytes], bytes]:
    def answer(request: bytes) -> bytes:
        item = asked(request)
        if item == dlt645.REVERSE_TOTAL:
            if reverse_wh is None:
                return dlt645.error_answer(ADDRESS, dlt645.NO_SUCH_DATA)
            return dlt645.energy_answer(ADDRESS, item, [reverse_wh])
        values = [forward_wh] if item == dlt645.FORWARD_TOTAL else [forward_wh, 10, 20, 30, forward_wh - 60]
        return dlt645.energy_answer(ADDRESS, item, values)

    return answer


# ---------------------------------------------------------------- Modbus


def test_an_inverter_is_found_by_its_models_and_read_in_one_request(slave: MakeSlave) -> None:
    far = slave(inverter(image(123_456, 1)))
    line = modbus(far, known=False)
    assert line.poll(str(UNIT), tariffs=False) == MeterAnswer(1_234_560, power_w=1200, raw_forward=123_456)
    found = len(far.requests)
    assert line.poll(str(UNIT), tariffs=False) == MeterAnswer(1_234_560, power_w=1200, raw_forward=123_456)
    assert len(far.requests) == found + 1
    assert line.counts["answered"] == 2
    line.close()


def test_a_model_103_that_is_not_there_is_no_answer_to_our_question(slave: MakeSlave) -> None:
    far = slave(inverter((*sunspec.MARKER, *sunspec.END_MODEL, *(0,) * 100)))
    line = modbus(far, known=False)
    assert line.poll(str(UNIT), tariffs=False) is Outcome.FOREIGN
    assert line.counts["model"] == 1
    line.close()


def test_a_missing_scale_factor_leaves_the_register_absent(slave: MakeSlave) -> None:
    far = slave(inverter(image(5, None)))
    line = modbus(far)
    answer = line.poll(str(UNIT), tariffs=False)
    assert isinstance(answer, MeterAnswer)
    assert (answer.forward_wh, answer.forward_missing) == (None, True)
    line.close()


def flipped(answer: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda request: answer(request)[:-1] + bytes((answer(request)[-1] ^ 1,))


@pytest.mark.parametrize(
    ("said", "outcome", "counter"),
    [
        (flipped(inverter(image(1))), Outcome.DAMAGED, "damaged"),
        (lambda request: inverter(image(1))(request)[:-4], Outcome.DAMAGED, "damaged"),
        (lambda request: inverter(image(1))(request) + b"\0", Outcome.DAMAGED, "damaged"),
        (lambda request: b"\0" + inverter(image(1))(request), Outcome.DAMAGED, "damaged"),
        (inverter(image(1), unit=9), Outcome.FOREIGN, "foreign"),
        (lambda _: modbus_rtu.encode_exception(UNIT, 3, modbus_rtu.DEVICE_BUSY), Outcome.REFUSED, "refused"),
        (lambda _: modbus_rtu.encode_read_answer(UNIT, (103,) * 4), Outcome.FOREIGN, "late"),
        (b"", Outcome.NO_ANSWER, "no_answer"),
    ],
    ids=[
        "bad crc",
        "truncated",
        "trailing byte",
        "leading byte",
        "other slave",
        "exception",
        "wrong length",
        "silence",
    ],
)
def test_what_is_no_answer_of_an_inverter_is_counted_and_never_a_reading(
    slave: MakeSlave,
    caplog: pytest.LogCaptureFixture,
    said: bytes | Callable[[bytes], bytes],
    outcome: Outcome,
    counter: str,
) -> None:
    line = modbus(slave(said))
    assert line.poll(str(UNIT), tariffs=False) is outcome
    # The library's own sentences name no meter, and would come at every poll of a silent one.
    assert not [record for record in caplog.records if record.name.startswith("pymodbus")]
    assert {name: count for name, count in line.counts.items() if count and name != "asked"} == {counter: 1}
    line.close()


def test_a_late_modbus_answer_never_passes_as_the_next_one(slave: MakeSlave) -> None:
    """The first answer comes when the second request is heard, before that one's own: the second one counts."""
    old, new = inverter(image(1_000)), inverter(image(2_000))
    late: list[bytes] = []

    def silent(request: bytes) -> bytes:
        late.append(old(request))
        return b""

    line = modbus(slave(silent, lambda request: late[0] + new(request)))
    assert line.poll(str(UNIT), tariffs=False) is Outcome.NO_ANSWER
    answer = line.poll(str(UNIT), tariffs=False)
    assert isinstance(answer, MeterAnswer)
    assert answer.forward_wh == 2_000
    assert (line.counts["late"], line.counts["answered"]) == (1, 1)
    line.close()


def test_a_late_modbus_answer_alone_is_refused_whatever_it_says(slave: MakeSlave) -> None:
    late: list[bytes] = []

    def silent(request: bytes) -> bytes:
        late.append(inverter(image(1_000))(request))
        return b""

    line = modbus(slave(silent, lambda _: late[0]))
    assert line.poll(str(UNIT), tariffs=False) is Outcome.NO_ANSWER
    assert line.poll(str(UNIT), tariffs=False) is Outcome.FOREIGN
    assert line.counts["late"] == 1
    line.close()


def test_an_answer_that_comes_while_the_line_is_kept_quiet_is_thrown_away(slave: MakeSlave) -> None:
    far = slave(b"", inverter(image(2_000)))
    line = modbus(far)
    assert line.poll(str(UNIT), tariffs=False) is Outcome.NO_ANSWER
    stale = modbus_rtu.encode_read_answer(UNIT, image(1_000)[70:100])
    far.say(stale)
    answer = line.poll(str(UNIT), tariffs=False)
    assert isinstance(answer, MeterAnswer)
    assert answer.forward_wh == 2_000
    assert line.counts["flushed_bytes"] == len(stale)
    line.close()


def test_a_second_attempt_is_made_after_damage(slave: MakeSlave) -> None:
    line = modbus(slave(flipped(inverter(image(5))), inverter(image(5))), attempts=2)
    assert isinstance(line.poll(str(UNIT), tariffs=False), MeterAnswer)
    assert (line.counts["asked"], line.counts["damaged"], line.counts["answered"]) == (2, 1, 1)
    line.close()


def test_a_port_that_is_not_there_is_tried_again_at_every_slot(slave: MakeSlave) -> None:
    far = slave(inverter(image(5)))
    line = modbus(far)
    line._port.path = "/dev/pts/none"
    assert line.poll(str(UNIT), tariffs=False) is Outcome.NO_ANSWER
    assert "none" in line.problem
    line._port.path = far.path
    assert isinstance(line.poll(str(UNIT), tariffs=False), MeterAnswer)
    assert (line.problem, line.counts["unusable"]) == ("", 1)
    line.close()


def test_a_port_is_held_by_one_process_at_a_time(slave: MakeSlave) -> None:
    far = slave(inverter(image(5)))
    first, second = modbus(far), modbus(far)
    assert isinstance(first.poll(str(UNIT), tariffs=False), MeterAnswer)
    assert second.poll(str(UNIT), tariffs=False) is Outcome.NO_ANSWER
    assert second.counts["unusable"] == 1
    first.close()
    second.close()


# ---------------------------------------------------------------- DL/T 645


def test_a_meter_says_forward_and_reverse(slave: MakeSlave) -> None:
    line = dlt(slave(meter(36_300, 120)))
    assert line.poll(ADDRESS, tariffs=False) == MeterAnswer(36_300, 120)
    line.close()


def test_a_meter_without_a_reverse_register_refuses_it_and_is_still_read(slave: MakeSlave) -> None:
    line = dlt(slave(meter(36_300, None)))
    assert line.poll(ADDRESS, tariffs=False) == MeterAnswer(36_300, None)
    line.close()


def test_tariff_registers_come_with_the_total(slave: MakeSlave) -> None:
    line = dlt(slave(meter(36_300)))
    answer = line.poll(ADDRESS, tariffs=True)
    assert answer == MeterAnswer(36_300, 0, tariffs_wh=(10, 20, 30, 36_240, None, None, None, None))
    line.close()


def test_a_meter_without_a_value_says_so(slave: MakeSlave) -> None:
    line = dlt(slave(lambda request: dlt645.energy_answer(ADDRESS, asked(request), [None])))
    answer = line.poll(ADDRESS, tariffs=False)
    assert isinstance(answer, MeterAnswer)
    assert (answer.forward_wh, answer.forward_missing) == (None, True)
    line.close()


@pytest.mark.parametrize(
    ("said", "outcome", "counter"),
    [
        (lambda request: meter(10)(request)[:-2] + b"\x00\x16", Outcome.DAMAGED, "damaged"),
        (lambda request: meter(10)(request)[:-3], Outcome.DAMAGED, "damaged"),
        (lambda request: dlt645.energy_answer(OTHER, asked(request), [10]), Outcome.FOREIGN, "foreign"),
        (lambda _: dlt645.energy_answer(ADDRESS, dlt645.REVERSE_TOTAL, [10]), Outcome.FOREIGN, "late"),
        (lambda _: dlt645.error_answer(ADDRESS, dlt645.OTHER_ERROR), Outcome.REFUSED, "refused"),
        (b"", Outcome.NO_ANSWER, "no_answer"),
    ],
    ids=["bad checksum", "truncated", "other meter", "other item", "error word", "silence"],
)
def test_what_is_no_answer_of_a_meter_is_counted_and_never_a_reading(
    slave: MakeSlave, said: bytes | Callable[[bytes], bytes], outcome: Outcome, counter: str
) -> None:
    line = dlt(slave(said))
    assert line.poll(ADDRESS, tariffs=False) is outcome
    assert {name: count for name, count in line.counts.items() if count and name != "asked"} == {counter: 1}
    line.close()


def test_a_late_dlt645_answer_never_passes_as_the_next_one(slave: MakeSlave) -> None:
    """After an overdue forward register the reverse one is asked first: what comes for the former is told by its item."""
    late: list[bytes] = []

    def silent(request: bytes) -> bytes:
        late.append(meter(1_000)(request))
        return b""

    far = slave(silent, lambda request: late[0] + meter(2_000)(request), meter(2_000))
    line = dlt(far)
    assert line.poll(ADDRESS, tariffs=False) is Outcome.NO_ANSWER
    assert line.poll(ADDRESS, tariffs=False) == MeterAnswer(2_000, 0)
    assert [asked(request) for request in far.requests[:3]] == [
        dlt645.FORWARD_TOTAL, dlt645.REVERSE_TOTAL, dlt645.FORWARD_TOTAL
    ]  # fmt: skip
    assert line.counts["late"] == 1
    line.close()


def test_wake_up_bytes_and_a_frame_in_pieces_are_no_damage(slave: MakeSlave) -> None:
    far = slave(lambda request: b"\xfe" * 4 + meter(36_300)(request))
    line = dlt(far)
    assert line.poll(ADDRESS, tariffs=False) == MeterAnswer(36_300, 0)
    assert line.counts["damaged"] == 0
    line.close()
