"""What the oracle signs, against the digests that `tests/contracts/test_eip712.py` works out by hand."""

from dataclasses import fields

import pytest
from eth_account import Account
from eth_account.messages import SignableMessage
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.chain import eip712
from oracle.core.money.report import Report
from tests.plant.asset_site import account_of
from tests.plant.report_vector import CHAIN_ID, CONTRACT, REPORT_FIELDS, REPORT_VALUES

REPORT_DIGEST = "31dd3090a884d6c59aa240d41c655551709bc052de7b38f9c03a381ba2c47f60"
ANCHOR_DIGEST = "2240e5a5b28e4a5d544892ba6822987dd5e573dfe25776ccc1bbf0d176a410dc"


def digest(message: SignableMessage) -> str:
    return keccak(b"\x19" + message.version + message.header + message.body).hex()


def test_a_report_is_the_vector_worked_out_by_hand() -> None:
    message = eip712.report_message(CHAIN_ID, CONTRACT, Report(*REPORT_VALUES))
    assert digest(message) == REPORT_DIGEST
    assert eip712.struct_hash(message) == bytes(message.body)


def test_an_anchor_is_the_vector_worked_out_by_hand() -> None:
    assert digest(eip712.anchor_message(CHAIN_ID, CONTRACT, 812, bytes(range(32)), log_generation=1)) == ANCHOR_DIGEST
    assert digest(eip712.anchor_message(CHAIN_ID, CONTRACT, 812, bytes(range(32)), log_generation=2)) != ANCHOR_DIGEST


def test_the_reports_fields_stand_in_the_contracts_order() -> None:
    def camel(name: str) -> str:
        first, *rest = name.split("_")
        return first + "".join(part.capitalize() for part in rest)

    assert [camel(one.name) for one in fields(Report)] == [name for _kind, name in REPORT_FIELDS]


@pytest.mark.parametrize(
    ("chain_id", "contract"), [(CHAIN_ID + 1, CONTRACT), (CHAIN_ID, "0x00000000000000000000000000000000000000aB")]
)
def test_a_signature_is_worth_nothing_on_another_chain_or_for_another_asset(chain_id: int, contract: str) -> None:
    assert digest(eip712.report_message(chain_id, contract, Report(*REPORT_VALUES))) != REPORT_DIGEST


@settings(max_examples=5)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=6, unique=True))
def test_signatures_stand_in_the_order_of_their_signers(numbers: list[int]) -> None:
    message = eip712.report_message(CHAIN_ID, CONTRACT, Report(*REPORT_VALUES))
    signed = eip712.sign_all([account_of(f"signer {number}") for number in numbers], message)
    recovered = [int(Account.recover_message(message, signature=one), 16) for one in signed]
    assert recovered == sorted(int(account_of(f"signer {number}").address, 16) for number in numbers)
    for one in signed:
        assert (len(one), one[64] in (27, 28)) == (65, True)
        assert int.from_bytes(one[32:64], "big") <= 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
