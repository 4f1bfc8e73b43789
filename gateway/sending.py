"""Sending to the oracles: the window takes the next batches of the outbox; an unanswered bundle is sent again, with back-off, for ever."""

import secrets
from collections import Counter
from collections.abc import Sequence

from evidence import tags
from evidence.bundle import encode_bundle
from evidence.keys import MeterId
from gateway.core import resend
from gateway.core.holds import Holds
from gateway.core.window import Flight, Window
from gateway.lines.serial_port import now_ms
from gateway.mqtt import MqttLink
from gateway.outbox import Outbox
from gateway.sealing import Sealing


class Sending:
    """The window of bundles on their way. The uplink's loop owns it.

    Args:
        link: the connection.
        outbox: holds the batches to send.
        sealing: names the meters of which nothing may be sent yet.
        window: bundles that may be unanswered.
        answer_ms: real milliseconds until an unanswered bundle is sent again, the first time.
    """

    def __init__(self, link: MqttLink, outbox: Outbox, sealing: Sealing, *, window: int, answer_ms: int) -> None:
        self.counts: Counter[str] = Counter(bundles=0, resent=0)
        self._link = link
        self._outbox = outbox
        self._sealing = sealing
        self._answer_ms = answer_ms
        self._window = Window(window)
        self._holds = Holds()

    @property
    def in_flight(self) -> int:
        """Bundles that are unanswered."""
        return len(self._window.flights)

    def next_due_ms(self, now: int) -> int | None:
        """When something may be sent that may not be sent now; real milliseconds, None where nothing waits for a time."""
        instants = (self._window.next_due_ms(), self._holds.next_end_ms(now))
        return min((instant for instant in instants if instant is not None), default=None)

    def send_overdue(self) -> None:
        """Send every bundle again whose answer is overdue."""
        for flight in self._window.due(now_ms()):
            self.counts["resent"] += 1
            flight.attempt += 1
            self._publish(flight)

    def fill_window(self) -> None:
        """Send waiting batches as long as the window has room."""
        while self._window.room:
            limit = tags.BUNDLE_ITEMS_MAX * (self._window.size + 1)
            new_data = resend.is_for_new_data(self._window.next_number)
            waiting = self._outbox.sealed.waiting_of_newest_meter(limit) if new_data else []
            waiting = self._sendable(waiting) or self._sendable(self._outbox.sealed.waiting(limit))
            chosen = resend.pick(waiting, new_data=new_data)
            if not chosen:
                return
            going = self._outbox.sealed.outgoing([item.row for item in chosen])
            flight = self._window.send({item.header_hash: item.row for item in going}, due_ms=0)
            self._publish(flight)

    def answered(self, header_hashes: Sequence[bytes]) -> None:
        """Take batches that have their answers out of the window."""
        self._window.answered(header_hashes)

    def send_again(self, meter_id: MeterId) -> None:
        """Take a meter's batches out of the window, so that they are sent again in order, from the first unanswered one on."""
        self._window.answered(self._outbox.sealed.hashes_of(meter_id, self._window.rows))

    def hold(self, meter_id: MeterId, base_ms: int) -> int | None:
        """Send nothing of a meter for a while; returns until when, in real milliseconds, or None where it is held already."""
        return self._holds.hold(meter_id, base_ms, now_ms(), secrets.randbelow)

    def release(self, meter_id: MeterId) -> None:
        """Let a meter's batches be sent again."""
        self._holds.release(meter_id)

    def _sendable(self, waiting: list[resend.Waiting]) -> list[resend.Waiting]:
        flying = self._window.rows
        # Nothing of a meter is sent before the oracle has said where it stands with that meter.
        held = self._holds.held(now_ms()) | set(self._sealing.unready)
        return [item for item in waiting if item.row not in flying and item.meter_id not in held]

    def _publish(self, flight: Flight) -> None:
        going = self._outbox.sealed.outgoing(list(flight.rows.values()))
        self._link.publish_bundle(encode_bundle([item.item for item in going]))
        flight.due_ms = now_ms() + resend.delay_ms(flight.attempt, self._answer_ms, secrets.randbelow)
        self.counts["bundles"] += 1
