"""Several acts in the order in which they lead somewhere; whatever happened before may make any of them fail."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.contracts.actors import EVERYBODY, HOLDERS, OFFICERS, SIGNERS, SPARE_SIGNERS, STRANGER
from tests.contracts.acts import mostly, one_of
from tests.contracts.acts_of_holders import ActsOfHolders
from tests.contracts.acts_of_money import ActsOfMoney
from tests.contracts.acts_of_the_oracle import REASON, ActsOfTheOracle, leaves_from
from tests.contracts.acts_of_time import ActsOfTime
from tests.contracts.model.merkle import root_of
from tests.contracts.model.recipients import GATE_GRACE_S
from tests.contracts.model.redirects import REDIRECT_DELAY_S
from tests.contracts.model.roles import Address, Role
from tests.contracts.model.shares import MOST_96_BITS

holders = st.sampled_from(HOLDERS)


class ActsInOrder(ActsOfHolders, ActsOfTheOracle, ActsOfMoney, ActsOfTime):
    """Rules that are stories. Every rule is chosen as often as any other; what all the rest lives on has three."""

    def earn(self, distributable: int, part: int) -> None:
        """What happens every period when all goes well: it ends, is declared, becomes Final, and is funded."""
        period = self.next_period()
        self.end_period(period)
        if self.declare_report(self.due_report(period, distributable)):
            self.wait_until(self.now + self.model.declarations.terms.challenge_window_s)
            room = self.model.distributor.coverage(period)[0]
            self.fund_period(OFFICERS[Role.TREASURY], period, room * part // 100)

    def end_period(self, period: int) -> None:
        """The period ends, and its readings are anchored."""
        self.wait_until(self.model.clock.start_of(self.model.declarations.terms.days_of(period)[1]))
        self.anchor_more(2)

    @rule(distributable=st.integers(100, 10**12))
    def earn_a_period(self, distributable: int) -> None:
        self.earn(distributable, 100)

    @rule(distributable=st.integers(1_000, 99_999), part=one_of(0, 1, 50, 99))
    def earn_a_little(self, distributable: int, part: int) -> None:
        self.earn(distributable, part)

    @rule(
        distributable=st.integers(1, 10**9),
        part=st.integers(30, 90),
        sender=holders,
        to=holders,
        sold=st.integers(1, 100),
    )
    def earn_after_a_sale(self, distributable: int, part: int, sender: Address, to: Address, sold: int) -> None:
        self.transfer(sender, to, sold)
        self.earn(distributable, part)
        self.claim(sender, 0)
        self.claim(to, 0)

    @rule(back=mostly(0, 1), claimed=holders)
    def pay_everybody(self, back: int, claimed: Address) -> None:
        self.claim(claimed, back)
        self.push([*HOLDERS, OFFICERS[Role.ISSUER]], back)

    @rule(
        by_whom=one_of("signer", "guardian"),
        answered=one_of("in time", "too late", "never"),
        distributable=st.integers(1, 10**6),
    )
    def dispute_a_report(self, by_whom: str, answered: str, distributable: int) -> None:
        """A dispute, and a revision before or after the report is Void; the revision can't be disputed again."""
        period, terms = self.next_period(), self.model.declarations.terms
        self.end_period(period)
        report = self.due_report(period, distributable)
        if not self.declare_report(report):
            return
        both, guardian = self.differential.both, OFFICERS[Role.GUARDIAN]
        if by_whom == "signer":
            both("declarations", "dispute", SIGNERS[0], period, report.hash(), REASON)
        else:
            both("declarations", "guardianDispute", guardian, period, report.hash(), REASON)
        self.wait_until(self.now + terms.resolve_window_s - (answered == "in time"))
        if answered != "never":
            revision = self.due_report(period, distributable + 1)
            self.declare_report(revision)
            both("declarations", "guardianDispute", guardian, period, revision.hash(), REASON)
            self.wait_until(self.now + terms.challenge_window_s)

    @rule(back=st.integers(1, 3), distributable=st.integers(1, 10**6))
    def revise_before_it_is_final(self, back: int, distributable: int) -> None:
        period = self.next_period()
        self.end_period(period)
        report = self.due_report(period, distributable)
        self.declare_report(report)
        self.wait_until(self.now + self.model.declarations.terms.challenge_window_s - back)
        self.declare_report(replace(self.due_report(period, distributable + 1), missing_meters=back))

    @rule(members=st.sets(st.sampled_from([*SIGNERS, *SPARE_SIGNERS]), min_size=1, max_size=4), early_s=mostly(0, 1))
    def change_signers(self, members: set[Address], early_s: int) -> None:
        effective_at = self.now + self.model.declarations.notice_s
        signers = sorted(members)
        admin = OFFICERS[Role.SIGNER_ADMIN]
        self.differential.both("declarations", "announceSignerSet", admin, signers, len(signers) // 2 + 1, effective_at)
        self.wait_until(effective_at - early_s)
        self.differential.both("declarations", "withdrawSignerSet", OFFICERS[Role.GUARDIAN])

    @rule(size=st.integers(1, 6), salt=st.integers(100, 103), late_s=mostly(0, -1, 30 * 86_400))
    def lose_the_log(self, size: int, salt: int, late_s: int) -> None:
        leaves = leaves_from([], size, salt)
        self.differential.both(
            "declarations",
            "announceRestart",
            OFFICERS[Role.RESTARTER],
            size,
            root_of(leaves),
            REASON,
            model=lambda: self.model.declarations.announce_restart(OFFICERS[Role.RESTARTER], leaves, REASON),
        )
        restart = self.model.declarations.restart
        if restart:
            self.wait_until(restart.ready_at + late_s)
            self.restart_log(None, False)

    @rule(lost=holders, heir=st.sampled_from([*HOLDERS, *EVERYBODY]), early_s=mostly(0, 1))
    def lose_a_wallet(self, lost: Address, heir: Address, early_s: int) -> None:
        self.differential.both("distributor", "proposeRedirect", OFFICERS[Role.ENFORCER], lost, heir, REASON)
        self.wait_until(self.now + REDIRECT_DELAY_S - early_s)
        self.differential.both("distributor", "executeRedirect", STRANGER, lost)
        self.push([lost, heir], 0)

    @rule(misbehaviour=st.integers(2, 5), early_s=mostly(0, 1), holder=holders, to=holders)
    def live_with_a_gate_that_fails(self, misbehaviour: int, early_s: int, holder: Address, to: Address) -> None:
        admin, list_gate, misbehaving = OFFICERS[Role.ADMIN], self.model.gate, self.misbehaving_gate
        self.change_how_the_gate_answers(misbehaviour)
        self.replace_gate("distributor", admin, misbehaving)
        self.note_gate(holder)
        self.claim(holder, 0)
        self.differential.both("distributor", "setPayoutAddress", holder, to)
        self.note_gate(to)
        self.wait_until(self.now + GATE_GRACE_S - early_s)
        self.claim(holder, 0)
        self.change_how_the_gate_answers(1)
        self.push([to, holder], 0)
        self.replace_gate("distributor", admin, list_gate)

    @rule(amount=one_of(2**95, MOST_96_BITS, 2**94))
    def earn_more_than_there_is(self, amount: int) -> None:
        """So much that all funds together may no longer fit."""
        self.earn(amount, 100)
