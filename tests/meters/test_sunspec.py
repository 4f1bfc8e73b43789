import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters import sunspec
from meters.errors import ModelMismatch, Unencodable
from meters.sunspec import MODEL_1, MODEL_103, Point

BLOCK_START = sunspec.INVERTER_BLOCK_ADDRESS - sunspec.BASE


def block(**inverter: int | None) -> tuple[int, ...]:
    image = sunspec.build_image({}, inverter)
    return image[BLOCK_START : BLOCK_START + sunspec.INVERTER_BLOCK_REGISTERS]


@pytest.mark.parametrize(("number", "model"), [(1, MODEL_1), (103, MODEL_103)])
def test_every_point_stands_where_the_published_model_has_it(number: int, model: dict[str, Point]) -> None:
    published = json.loads(files("sunspec2").joinpath("models", "json", f"model_{number}.json").read_text())
    offset = 0
    names = []
    for point in published["group"]["points"]:
        own = model[point["name"]]
        assert (own.offset, own.type, own.registers, own.scale) == (
            offset,
            point["type"],
            point["size"],
            point.get("sf"),
        )
        offset += point["size"]
        names.append(point["name"])
    assert names == list(model)


def test_the_addresses_follow_from_the_model_lengths() -> None:
    assert (sunspec.MODEL_103_ADDRESS, sunspec.END_ADDRESS, sunspec.IMAGE_REGISTERS) == (40070, 40122, 124)
    assert (sunspec.INVERTER_BLOCK_ADDRESS, sunspec.INVERTER_BLOCK_REGISTERS) == (40070, 27)


def test_an_image_is_marker_models_and_end() -> None:
    image = sunspec.build_image({"Mn": "helioracle", "SN": "42"}, {"WH": 7})
    assert len(image) == sunspec.IMAGE_REGISTERS
    assert image[:4] == (0x5375, 0x6E53, 1, 66)
    assert image[-2:] == (0xFFFF, 0)
    assert sunspec.decode_point(MODEL_1["SN"], image[2:]) == "42"
    assert sunspec.decode_point(MODEL_1["Mn"], image[2:]) == "helioracle"
    assert sunspec.decode_point(MODEL_1["Opt"], image[2:]) is None


@given(
    energy=st.integers(0, 2**32 - 1),
    energy_sf=st.integers(-10, 10),
    power=st.integers(-0x7FFF, 0x7FFF),
    power_sf=st.integers(-10, 10),
)
def test_energy_power_and_their_scale_factors_read_back(energy: int, energy_sf: int, power: int, power_sf: int) -> None:
    read = sunspec.read_inverter(block(WH=energy, WH_SF=energy_sf, W=power, W_SF=power_sf))
    assert read == sunspec.InverterRegisters(energy, energy_sf, power, power_sf)


def test_what_is_not_implemented_is_none_but_energy_0_stays_0() -> None:
    assert sunspec.read_inverter(block()) == sunspec.InverterRegisters(0, None, None, None)


def test_sentinels_have_their_published_bits() -> None:
    assert sunspec.encode_point(MODEL_103["W"], None) == (0x8000,)
    assert sunspec.encode_point(MODEL_103["WH_SF"], None) == (0x8000,)
    assert sunspec.encode_point(MODEL_103["A"], None) == (0xFFFF,)
    assert sunspec.encode_point(MODEL_103["St"], None) == (0xFFFF,)
    assert sunspec.encode_point(MODEL_103["Evt1"], None) == (0xFFFF, 0xFFFF)
    assert sunspec.encode_point(MODEL_103["WH"], None) == (0, 0)


@given(name=st.sampled_from(sorted(MODEL_103)), data=st.data())
def test_every_integer_point_round_trips(name: str, data: st.DataObject) -> None:
    point = MODEL_103[name]
    signed = point.type in {"int16", "sunssf"}
    top = 0x7FFF if signed else (1 << 16 * point.registers) - 2
    value = data.draw(st.integers(-0x7FFF if signed else 0, top))
    registers = (0,) * point.offset + sunspec.encode_point(point, value)
    assert sunspec.decode_point(point, registers) == value


@pytest.mark.parametrize(
    ("raw", "sf", "wh"),
    [(1234, 0, 1234), (1234, 2, 123_400), (1239, -1, 123), (0, 3, 0), (2**32 - 1, -3, 4_294_967)],
)
def test_energy_is_scaled_exactly_and_floored(raw: int, sf: int, wh: int) -> None:
    assert sunspec.energy_wh(raw, sf) == wh


def test_negative_power_is_floored_towards_minus_infinity() -> None:
    assert sunspec.power_w(-15, -1) == -2


def test_an_impossible_scale_factor_is_refused() -> None:
    with pytest.raises(ModelMismatch, match="scale factor is 11"):
        sunspec.energy_wh(1, 11)


@pytest.mark.parametrize(
    ("registers", "field"),
    [
        ((104, *block()[1:]), "model"),
        ((113, *block()[1:]), "model"),
        ((103, 51, *block()[2:]), "length of model 103"),
        (block()[:-1], "block length"),
    ],
)
def test_registers_that_are_no_integer_inverter_are_refused(registers: tuple[int, ...], field: str) -> None:
    with pytest.raises(ModelMismatch) as caught:
        sunspec.read_inverter(registers)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("common", "inverter"),
    [
        ({}, {"WHX": 1}),
        ({}, {"W": 0x8000}),
        ({}, {"WH": -1}),
        ({}, {"WH": 2**32}),
        ({}, {"W": "much"}),
        ({"SN": "x" * 33}, {}),
        ({"SN": "é"}, {}),
        ({"SN": 5}, {}),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    common: dict[str, sunspec.Value], inverter: dict[str, sunspec.Value]
) -> None:
    with pytest.raises(Unencodable):
        sunspec.build_image(common, inverter)


def test_a_point_beyond_the_registers_is_refused() -> None:
    with pytest.raises(ModelMismatch):
        sunspec.decode_point(MODEL_103["WH"], [0] * 25)
