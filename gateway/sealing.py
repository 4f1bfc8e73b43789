"""Readings become signed batches: the one place that extends a meter's chain of headers.

The order is what makes a power cut harmless: first the readings are durable, then the exact header bytes and the batch key, then the
signature. Only signed batches are sent. A batch that was sealed before a power cut is signed afterwards with the same bytes.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evidence.binding import Direction
from evidence.head import Head
from evidence.header import EpochReason
from evidence.keys import Entropy, MeterId, Signer
from evidence.reading import Reading
from evidence.status import Status
from gateway.alarms import Alarms
from gateway.boot import Boot
from gateway.core import reconcile, sealer
from gateway.core.meter_answer import LastRegisters
from gateway.core.reconcile import Step
from gateway.core.sealer import CutRule, MeterState, Moment, OpenReading, Sealed
from gateway.outbox import Outbox
from runtime.logs import facts

OPEN_MAX = 500_000  # readings that wait for a batch, of all meters; about 60 MB

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SealedMeter:
    """One meter as sealing needs it."""

    id: MeterId
    serial: str
    signer: Signer
    binding_hash: bytes
    direction: Direction
    profile: int


class Sealing:
    """Keeps, seals and signs the readings of all meters of a gateway.

    Nothing is sealed for a meter before `reconcile` has been told where the oracle stands with that meter; until then the
    meter's readings wait, durable, in the outbox.

    Args:
        outbox: keeps readings, batches and states.
        meters: all meters.
        rule: when a batch ends.
        entropy: of the batch keys.
        boot: this boot of the kernel.
        alarms: shows a person what needs attention.
    """

    def __init__(
        self,
        outbox: Outbox,
        meters: Sequence[SealedMeter],
        *,
        rule: CutRule,
        entropy: Entropy,
        boot: Boot,
        alarms: Alarms,
    ) -> None:
        self._outbox = outbox
        self._meters: Mapping[MeterId, SealedMeter] = {meter.id: meter for meter in meters}
        self._rule = rule
        self._entropy = entropy
        self._boot = boot
        self._alarms = alarms
        self._ready: set[MeterId] = set()
        # How many open readings come from an earlier run: the oracle may hold them already, in a batch that this outbox does not know.
        self._inherited = {meter.id: len(outbox.open.readings(meter.id)) for meter in meters}
        self._last = {meter.id: self._last_registers(meter.id) for meter in meters}

    @property
    def ready(self) -> bool:
        """Whether every meter may be sealed."""
        return len(self._ready) == len(self._meters)

    def last_registers(self, meter_id: MeterId) -> LastRegisters:
        """A meter's newest valid registers, from sealed and open readings."""
        return self._last[meter_id]

    def sign_pending(self) -> int:
        """Sign every sealed batch without a signature, after each sealing and first of all at start; returns how many."""
        pending = self._outbox.sealed.unsigned()
        signatures = []
        for item in pending:
            meter = self._meters.get(item.meter_id)
            if meter is None:
                self._alarms.stand(
                    "unsigned", f"a sealed batch of meter {item.meter_id.hex()}, which is not configured"
                )
                continue
            signatures.append((item.row, meter.signer.sign(item.header)))
        if signatures:
            self._outbox.sealed.put_signatures(signatures)
            # Durable from here: the signatures. After a power cut before this line the next start signs the same bytes again.
        return len(signatures)

    def append(self, slot: int, readings: Iterable[tuple[MeterId, Reading]], *, final: bool = False) -> int:
        """Keep one slot's readings, then seal and sign the batches that are complete; returns how many were sealed.

        Args:
            slot: the slot, UTC unix seconds.
            readings: one for each meter.
            final: no slot follows: seal everything.
        """
        monotonic_ms = self._boot.monotonic_ms()
        if self._outbox.open.count() >= OPEN_MAX:
            # This happens only while no oracle says where it stands. A reading that is not kept here shows up as a gap between two slots.
            self._alarms.stand("open readings", f"{OPEN_MAX} readings wait for an oracle's head; no more are kept")
            readings = ()
        else:
            self._alarms.over("open readings")
        with self._outbox.transaction():
            for meter_id, reading in readings:
                self._outbox.open.add(meter_id, OpenReading(slot, self._boot.id, monotonic_ms, reading))
                self._note(meter_id, reading)
            sealed = sum(self._seal_meter(meter, final=final) for meter in self._meters.values())
        # Durable from here: the readings, and the exact header bytes and batch key of every batch that ended.
        self.sign_pending()
        return sealed

    def finish(self) -> int:
        """Seal and sign all open readings, at stop or after the last slot; returns how many batches were sealed."""
        return self.append(0, (), final=True)

    @property
    def unready(self) -> list[MeterId]:
        """The meters whose heads are not known."""
        return [meter_id for meter_id in self._meters if meter_id not in self._ready]

    def serial_of(self, meter_id: MeterId) -> str:
        """The serial number of a meter, for people."""
        meter = self._meters.get(meter_id)
        return meter_id.hex() if meter is None else meter.serial

    def suspend(self, meter_id: MeterId) -> None:
        """Seal nothing for a meter until its heads are known again, after an oracle refused a batch or showed that it lost one."""
        self._ready.discard(meter_id)
        self._inherited[meter_id] = 0

    def reconcile(self, heads: Mapping[MeterId, Sequence[Head]], *, now: int, clock: Status) -> int:
        """Continue some meters' chains from where the oracles stand, and seal the readings that waited for this.

        Args:
            heads: for each meter, one head of each oracle that has answered.
            now: world time.
            clock: the clock bit of this moment.

        Returns:
            How many batches were sealed.
        """
        moment = Moment(now, self._boot.id, self._boot.monotonic_ms(), clock)
        with self._outbox.transaction():
            sealed = 0
            for meter_id, said in heads.items():
                meter = self._meters.get(meter_id)
                if meter is None or meter_id in self._ready or not said:
                    continue
                self._ready.add(meter_id)
                sealed += self._meet(meter, list(said), moment)
                sealed += self._seal_meter(meter, final=False)
        # Durable from here: each of these meters' chains continues the chain that the oracle holds.
        self.sign_pending()
        return sealed

    def _meet(self, meter: SealedMeter, said: list[Head], moment: Moment) -> int:
        kept = self._outbox.open.state(meter.id)
        state, binding_hash = kept if kept is not None else (None, meter.binding_hash)
        steps = {
            reconcile.step_of(state, head, held=self._outbox.sealed.holds_next_of(head.header_hash)): head
            for head in said
        }
        log.info("oracle heads", extra=facts(meter=meter.serial, steps=",".join(step.value for step in steps)))
        if Step.NEW_EPOCH in steps:
            ahead = reconcile.ahead(said)
            self._drop_inherited(meter, state, ahead)
            # A batch that follows a refused one can never be stored; it is put aside with the refused one.
            self._outbox.sealed.quarantine_after_refused(meter.id)
            base = reconcile.continued(ahead, profile=meter.profile)
            self._alarms.stand(
                f"epoch {meter.serial}",
                f"meter {meter.serial}: the oracle holds headers that this outbox does not; epoch {base.epoch + 1} opens",
            )
            return self._keep(meter, *sealer.new_epoch(base, EpochReason.COUNTER_STORE_LOST, moment))
        if Step.COMMISSION in steps:
            return self._keep(meter, *sealer.commission(meter.id, meter.profile, meter.binding_hash, moment))
        if Step.RESEND in steps:
            head = steps[Step.RESEND]
            again = self._outbox.sealed.send_again_after(meter.id, head.header_hash if head.known else None)
            if again:
                self._alarms.stand(
                    f"resend {meter.serial}",
                    f"meter {meter.serial}: an oracle has lost {again} batches that it had answered; they are sent again",
                )
        if binding_hash != meter.binding_hash:
            return self._seal_meter(meter, final=True)
        return 0

    def _drop_inherited(self, meter: SealedMeter, state: MeterState | None, head: Head) -> None:
        count = self._inherited[meter.id]
        if count and state is not None and reconcile.already_stored(state, head, count):
            self._outbox.open.drop(meter.id, count)

    def _seal_meter(self, meter: SealedMeter, *, final: bool) -> int:
        kept = self._outbox.open.state(meter.id)
        if kept is None or meter.id not in self._ready:
            return 0
        state = kept[0]
        count = 0
        for group in sealer.split(self._outbox.open.readings(meter.id), self._rule, final=final):
            for sealed, after in sealer.seal(state, group, self._rule, self._entropy):
                self._outbox.sealed.add(sealed)
                state = after
                count += 1
            self._outbox.open.drop(meter.id, len(group))
        if count:
            self._outbox.open.put_state(state, meter.binding_hash)
        return count

    def _keep(self, meter: SealedMeter, sealed: Sealed, state: MeterState) -> int:
        self._outbox.sealed.add(sealed)
        self._outbox.open.put_state(state, meter.binding_hash)
        return 1

    def _note(self, meter_id: MeterId, reading: Reading) -> None:
        last = self._last[meter_id]
        self._last[meter_id] = LastRegisters(
            last.export_wh if reading.export_wh is None else reading.export_wh,
            last.import_wh if reading.import_wh is None else reading.import_wh,
        )

    def _last_registers(self, meter_id: MeterId) -> LastRegisters:
        kept = self._outbox.open.state(meter_id)
        last = LastRegisters(None, None) if kept is None else LastRegisters(kept[0].export_wh, kept[0].import_wh)
        for item in self._outbox.open.readings(meter_id):
            last = LastRegisters(
                last.export_wh if item.reading.export_wh is None else item.reading.export_wh,
                last.import_wh if item.reading.import_wh is None else item.reading.import_wh,
            )
        return last
