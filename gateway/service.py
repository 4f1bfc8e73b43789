"""The gateway as a service, which `helioracle gateway run` and the demo start."""

import os
from collections import Counter
from collections.abc import Callable

from evidence.keys import Entropy
from gateway.alarms import Alarms
from gateway.boot import Boot, ChronyClock, ClockState, fixed_clock, kernel_boot
from gateway.config import GatewayConfig
from gateway.core.sealer import CutRule
from gateway.lines.config import MeterConfig
from gateway.lines.open_line import open_line
from gateway.mqtt import MqttLink
from gateway.outbox import Outbox
from gateway.poll import PolledMeter, PollLoop
from gateway.sealing import SealedMeter, Sealing
from gateway.uplink import Uplink
from runtime.clock import WorldClock


class GatewayService:
    """Polls meters, signs their readings, and sends the batches until the oracles have answered.

    Args:
        config: see `GatewayConfig`.
        world: the world's time.
        entropy: source of the batch keys; only a demo replaces it, by its seed.
        boot: this boot of the kernel; a repeatable demo gives a boot of its own.
        on_failure: called when one of the service's threads dies; the service must then be stopped.

    Raises:
        OutboxBroken: the outbox cannot be used.
    """

    def __init__(
        self,
        config: GatewayConfig,
        world: WorldClock,
        *,
        entropy: Entropy = os.urandom,
        boot: Boot | None = None,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._config = config
        self._stopped = False
        self._started = False
        clock: ClockState = ChronyClock() if config.clock == "chrony" else fixed_clock(config.clock)
        self.alarms = Alarms()
        self.outbox = Outbox(config.outbox, bytes_max=config.outbox_max_bytes)
        meters = {meter.serial: _sealed_meter(meter) for meter in config.meters}
        self._serials = {meter.id: meter.serial for meter in meters.values()}
        self._sealing = Sealing(
            self.outbox,
            tuple(meters.values()),
            rule=CutRule(config.poll_interval_s, config.cut_every_s, config.count_max),
            entropy=entropy,
            boot=kernel_boot() if boot is None else boot,
            alarms=self.alarms,
        )
        self._lines = [open_line(line) for line in config.lines]
        self._uplink = Uplink(
            config,
            MqttLink(config.broker, asset=config.asset, gateway=config.gateway, on_failure=on_failure),
            self.outbox,
            self._sealing,
            world,
            clock=clock,
            alarms=self.alarms,
            on_failure=on_failure,
        )
        self._poll = PollLoop(
            [
                (line, [PolledMeter(meter.address, meters[meter.serial]) for meter in of.meters])
                for line, of in zip(self._lines, config.lines, strict=True)
            ],
            self.outbox,
            self._sealing,
            world,
            interval_s=config.poll_interval_s,
            cut_every_s=config.cut_every_s,
            ask_again_s=config.ask_again_s,
            last_slot=config.last_slot,
            keep_answered_s=config.keep_answered_s,
            clock=clock,
            alarms=self.alarms,
            notify=self._uplink.notify,
            on_failure=on_failure,
        )

    def start(self) -> None:
        """Sign what an earlier run sealed, then connect and poll."""
        self._started = True
        # Every start takes this path, so that recovery from a power cut is no special case.
        self._sealing.sign_pending()
        self._uplink.start()
        self._poll.start()

    def stop(self) -> None:
        """Stop polling, seal the open readings, stop sending; unanswered batches are sent after the next start. Idempotent."""
        if self._stopped:
            return
        self._stopped = True
        self._poll.stop()
        if self._started:
            self._sealing.finish()
        self._uplink.stop()
        self.outbox.close()

    def wait_finished(self, timeout_s: int) -> bool:
        """Wait (in real time) until the configured last slot has been polled and sealed; False when it has not."""
        return self._poll.finished.wait(timeout_s)

    def status(self) -> dict[str, object]:
        """Counters, alarms, and the newest reading of each meter; JSON-able, registers as decimal strings."""
        lines: Counter[str] = Counter()
        for line in self._lines:
            lines.update(line.counts)
        return {
            "gateway": self._config.gateway,
            "asset": self._config.asset,
            "slots": self._poll.slots,
            "finished": self._poll.finished.is_set(),
            "readings_signed": self._poll.readings,
            "batches": self._poll.batches,
            "bodies_let_go": self._poll.bodies_let_go,
            "outbox": {} if self._stopped else self.outbox.counts(),
            "uplink": self._uplink.status(),
            "readings_labelled": dict(self._poll.labels),
            "polls": dict(lines),
            "lines": {line.name: {"problem": line.problem, **line.counts} for line in self._lines},
            "meters": {
                self._serials[meter_id]: {
                    "time": reading.time,
                    "export_wh": None if reading.export_wh is None else str(reading.export_wh),
                    "import_wh": None if reading.import_wh is None else str(reading.import_wh),
                    "power_w": reading.power_w,
                    "status": [bit.name for bit in reading.status],
                }
                for meter_id, reading in self._poll.newest.items()
            },
            "alarms": self.alarms.standing(),
        }


def _sealed_meter(config: MeterConfig) -> SealedMeter:
    return SealedMeter(
        id=config.binding.meter_id,
        serial=config.serial,
        signer=config.signer,
        binding_hash=config.binding_hash,
        direction=config.binding.direction,
        profile=config.profile,
    )
