"""Money comes, is claimed, pushed, held back and inherited."""

from dataclasses import astuple

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.contracts.actors import EVERYBODY, HOLDERS, OFFICERS, SHAREHOLDERS, STRANGER, signed
from tests.contracts.acts import Acts, by, mostly, one_of, when
from tests.contracts.model.asset import Asset
from tests.contracts.model.distributor import RevenueDistributor
from tests.contracts.model.gate import Answer, Gate
from tests.contracts.model.operators import Authorization
from tests.contracts.model.roles import NOBODY, Address, Role, selector_of
from tests.contracts.model.shares import AssetShare

REASON = b"\6" * 32
shareholders = st.sampled_from([*HOLDERS, *HOLDERS, *SHAREHOLDERS])
# What a `MisbehavingGate` answers with each behaviour, by the number in the contract.
BEHAVIOURS = [Answer.REFUSES, Answer.ALLOWS, Answer.FAILS, Answer.FAILS, Answer.FAILS, Answer.FAILS]
NOT_A_CONTRACT = "0x" + "77" * 20


def has_misbehaving_gate(asset: Asset) -> bool:
    """Whether a gate is in force that doesn't always answer."""
    return asset.distributor.gate is not asset.gate or asset.share.gate is not asset.gate


class ActsOfMoney(Acts):
    """Rules of payments."""

    def fund_period(self, caller: Address, period: int, amount: int) -> bool:
        """`caller` has the money, and approves it."""
        distributor = self.model.distributor.address
        self.differential.both("token", "mint", caller, caller, amount)
        self.differential.both("token", "approve", caller, distributor, amount)
        return self.differential.both("distributor", "fund", caller, period, amount)

    @when(lambda asset: asset.declarations.history)
    @rule(
        caller=by(Role.TREASURY),
        back=mostly(1, 0, 2, 3),
        kind=one_of("some", "too_little", "least", "more", "room", "none"),
        part=st.integers(1, 99),
    )
    def fund(self, caller: Address, back: int, kind: str, part: int) -> None:
        period = max(0, self.next_period() - back)
        declared, funded = self.model.distributor.coverage(period)
        room, least = declared - funded, (declared + 99) // 100
        amount = {
            "some": room * part // 100,
            "room": room,
            "more": room + 1,
            "least": least,
            "too_little": max(0, least - 1),
            "none": 0,
        }[kind]
        self.fund_period(caller, period, amount)

    def _up_to(self, back: int) -> int:
        """Some tranches: all, fewer, or one too many."""
        return max(0, len(self.model.distributor.books.tranches) - back)

    @when(lambda asset: asset.distributor.books.tranches)
    @rule(holder=shareholders, back=mostly(0, 1, 3, -1))
    def claim(self, holder: Address, back: int) -> None:
        self.differential.both("distributor", "claim", holder, self._up_to(back))

    @when(lambda asset: asset.distributor.books.tranches)
    @rule(caller=one_of(STRANGER, HOLDERS[0]), holder=shareholders, back=mostly(0, 1, -1))
    def claim_for(self, caller: Address, holder: Address, back: int) -> None:
        self.differential.both("distributor", "claimFor", caller, holder, self._up_to(back))

    @when(lambda asset: asset.distributor.books.tranches)
    @rule(holders=st.lists(st.sampled_from(SHAREHOLDERS), max_size=4), back=mostly(0, 1, -1))
    def push(self, holders: list[Address], back: int) -> None:
        self.differential.both("distributor", "push", STRANGER, holders, self._up_to(back))

    @rule(holder=st.sampled_from(HOLDERS), operator=one_of(STRANGER, HOLDERS[0]), approved=mostly(True, False))
    def set_operator(self, holder: Address, operator: Address, approved: bool) -> None:
        self.differential.both(
            "distributor",
            "setOperator",
            holder,
            operator,
            approved,
            model=lambda: self.model.distributor.operators.set_operator(holder, operator, approved),
        )

    @rule(
        holder=st.sampled_from(HOLDERS),
        approved=mostly(True, False),
        nonce=st.integers(0, 3),
        ahead_s=mostly(3_600, 0, -1),
        flaw=mostly(None, "stranger", "other_message", "cut"),
    )
    def authorize_operator(self, holder: Address, approved: bool, nonce: int, ahead_s: int, flaw: str | None) -> None:
        operators = self.model.distributor.operators
        authorization = Authorization(holder, STRANGER, approved, nonce.to_bytes(32, "big"), self.now + ahead_s)
        message = REASON if flaw == "other_message" else authorization.hash()
        signature = signed(STRANGER if flaw == "stranger" else holder, operators.domain.separator, message)
        if flaw == "cut":
            signature = signature[:-1]
        self.differential.both(
            "distributor",
            "authorizeOperator",
            STRANGER,
            *astuple(authorization),
            signature,
            model=lambda: operators.authorize_operator(STRANGER, authorization, signature),
        )

    @rule(holder=st.sampled_from(HOLDERS), nonce=st.integers(0, 3))
    def invalidate_nonce(self, holder: Address, nonce: int) -> None:
        word = nonce.to_bytes(32, "big")
        operators = self.model.distributor.operators
        self.differential.both(
            "distributor", "invalidateNonce", holder, word, model=lambda: operators.invalidate_nonce(holder, word)
        )

    @rule(holder=shareholders, to=st.sampled_from(EVERYBODY), to_the_distributor=mostly(False, True))
    def set_payout_address(self, holder: Address, to: Address, to_the_distributor: bool) -> None:
        where = self.model.distributor.address if to_the_distributor else to
        self.differential.both("distributor", "setPayoutAddress", holder, where)

    @rule(caller=by(Role.COMPLIANCE), holders=st.lists(shareholders, max_size=2), frozen=mostly(False, True))
    def set_payout_frozen(self, caller: Address, holders: list[Address], frozen: bool) -> None:
        self.differential.both("distributor", "setPayoutFrozen", caller, holders, frozen)

    @rule(who=one_of("holder", "distributor", "treasury"), holder=shareholders, to=st.booleans())
    def blacklist(self, who: str, holder: Address, to: bool) -> None:
        account = {
            "holder": holder,
            "distributor": self.model.distributor.address,
            "treasury": OFFICERS[Role.TREASURY],
        }[who]
        # What concerns everybody is undone sooner than it is done.
        self.differential.both("token", "setBlacklisted", STRANGER, account, to and who == "holder")
        if to and who != "holder":
            self._with_a_blocked(account)

    def _with_a_blocked(self, account: Address) -> None:
        self.differential.both("token", "setBlacklisted", STRANGER, account, True)
        self.push([HOLDERS[0], HOLDERS[1]], 0)
        self.claim(HOLDERS[2], 0)
        self.fund(OFFICERS[Role.TREASURY], 1, "some", 40)
        self.differential.both("token", "setBlacklisted", STRANGER, account, False)

    @rule(to=mostly(False, True))
    def pause_token(self, to: bool) -> None:
        self.differential.both("token", "setPaused", STRANGER, to)

    @rule(parts=mostly(0, 1, 37, 9_999))
    def set_fee(self, parts: int) -> None:
        self.differential.both("token", "setFee", STRANGER, parts)

    @rule(to=st.booleans())
    def fall_silent(self, to: bool) -> None:
        """Like USDT, the token returns nothing; nothing else changes."""
        self.differential.both("token", "setSilent", STRANGER, to, model=lambda: None)

    @when(has_misbehaving_gate)
    @rule(behaviour=st.integers(0, 5))
    def change_how_the_gate_answers(self, behaviour: int) -> None:
        def change() -> None:
            self.misbehaving_gate.behaviour = BEHAVIOURS[behaviour]

        self.differential.both("misbehaving_gate", "setBehaviour", STRANGER, behaviour, model=change)

    @rule(
        contract=one_of("distributor", "share"), caller=by(Role.ADMIN), which=one_of("list", "misbehaving", "nothing")
    )
    def set_gate(self, contract: str, caller: Address, which: str) -> None:
        gates: dict[str, Gate] = {
            "list": self.model.gate,
            "misbehaving": self.misbehaving_gate,
            "nothing": self.nothing,
        }
        self.replace_gate(contract, caller, gates[which])

    def replace_gate(self, contract: str, caller: Address, gate: Gate) -> None:
        """`caller` puts another gate in the place of the present one."""
        target: AssetShare | RevenueDistributor = (
            self.model.distributor if contract == "distributor" else self.model.share
        )
        self.differential.both(contract, "setGate", caller, gate.address, model=lambda: target.set_gate(caller, gate))

    @when(has_misbehaving_gate)
    @rule(holder=shareholders)
    def note_gate(self, holder: Address) -> None:
        self.differential.both("distributor", "noteGate", STRANGER, holder)

    @rule(caller=by(Role.ENFORCER), lost=st.sampled_from(EVERYBODY), heir=st.sampled_from(EVERYBODY))
    def propose_redirect(self, caller: Address, lost: Address, heir: Address) -> None:
        self.differential.both("distributor", "proposeRedirect", caller, lost, heir, REASON)

    @when(lambda asset: asset.distributor.proposals)
    @rule(
        what=mostly("execute", "cancel", "object"),
        caller=by(Role.GUARDIAN),
        lost=shareholders,
        proposed=mostly(True, False),
    )
    def end_redirect(self, what: str, caller: Address, lost: Address, proposed: bool) -> None:
        proposals = list(self.model.distributor.proposals)
        if proposed and proposals:
            lost = proposals[0]
        if what == "execute":
            self.differential.both("distributor", "executeRedirect", STRANGER, lost)
        elif what == "cancel":
            self.differential.both("distributor", "cancelRedirect", caller, lost)
        elif lost != NOBODY:
            self.differential.both("distributor", "objectToRedirect", lost)

    @rule(
        contract=one_of("distributor", "declarations"),
        caller=by(Role.GUARDIAN),
        seconds=mostly(3_600, 0, 1, 7 * 86_400, 7 * 86_400 + 1),
    )
    def pause(self, contract: str, caller: Address, seconds: int) -> None:
        self.differential.both(contract, "pause", caller, seconds)

    @rule(contract=one_of("distributor", "declarations", "share"), caller=by(Role.ADMIN), number=st.integers(0, 5))
    def abdicate(self, contract: str, caller: Address, number: int) -> None:
        target = getattr(self.model, contract)
        signatures = [*sorted(target.abdicable), "fund(uint32,uint256)", "claim(uint32)"]
        self.differential.both(contract, "abdicate", caller, selector_of(signatures[number % len(signatures)]))
