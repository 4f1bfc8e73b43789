"""Time passes, often to the very second at which something happens by itself."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.contracts.acts import Acts, mostly
from tests.contracts.model.clock import HOUR_S


class ActsOfTime(Acts):
    """Rules of time."""

    def moments(self) -> list[int]:
        """Stored times that lie ahead, unix seconds."""
        asset = self.model
        declarations, distributor, clock = asset.declarations, asset.distributor, asset.clock
        found = {clock.start_of(clock.today + 1), clock.start_of(declarations.terms.days_of(self.next_period())[1])}
        found |= {reports[-1].deadline for reports in declarations.history.values()}
        found |= {signer_set.effective_at for signer_set in declarations.sets}
        if declarations.restart:
            found |= {declarations.restart.ready_at, declarations.restart.expires_at}
        for pausable in (declarations, distributor):
            found |= {pausable.paused_until, pausable.pause_ready_at}
        for proposal in distributor.proposals.values():
            found |= {proposal.ready_at, proposal.expires_at}
        found |= {distributor.gate_grace_ends_at(holder) for holder in distributor.gate_failures}
        return sorted(moment for moment in found if moment > self.now)

    @rule(hours=st.integers(1, 60))
    def let_hours_pass(self, hours: int) -> None:
        self.wait_until(self.now + hours * HOUR_S)

    @rule(number=st.integers(0, 9), early_s=mostly(0, 1))
    def let_a_moment_come(self, number: int, early_s: int) -> None:
        moments = self.moments()
        self.wait_until(moments[number % len(moments)] - early_s)

    def let_days_pass(self, days: int) -> None:
        """To the first second of a day to come."""
        self.wait_until(self.model.clock.start_of(self.model.clock.today + days))

    @rule(days=st.integers(0, 5), more_days=st.integers(0, 6), span=st.integers(0, 5))
    def ask_about_days(self, days: int, more_days: int, span: int) -> None:
        """Of days long past, of today, and of the future, also from back to front."""
        last = self.model.clock.today + 1 - days
        self.differential.compare_span(last - more_days - (span - 1), last)
