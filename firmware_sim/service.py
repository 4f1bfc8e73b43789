"""The simulated plant as a service, which `helioracle sim run` and the demo start."""

from collections.abc import Callable, Mapping
from typing import Protocol

from firmware_sim.config import InverterConfig, LineConfig, MeterConfig, SimConfig
from firmware_sim.core.bus import Bus
from firmware_sim.core.inverter import Inverter, power_scale_factor
from firmware_sim.core.meter import Meter, start_in_tariffs
from firmware_sim.core.recorded_rows import parse_recording
from firmware_sim.core.recording import Counts, Recording
from firmware_sim.core.replay import Replay
from firmware_sim.core.tariff import TariffEnergy
from firmware_sim.errors import RecordingRefused
from firmware_sim.line import Line, LineBus
from meters.dlt645 import FrameDecoder
from meters.modbus_rtu import RequestDecoder

RECORDING_BYTES_MAX = 128 * 1024 * 1024


class NowClock(Protocol):
    """The part of a `runtime.clock.WorldClock` that the plant uses."""

    def now(self) -> int:
        """World time in UTC unix seconds."""


class SimService:
    """All lines of a simulated plant.

    A device answers with its registers at the world's time at which it hears the request. The service is no participant of a
    stepped clock, because it never waits for world time: the gateway that asks holds the time.

    Args:
        config: see `SimConfig`.
        world: the world's time.
        on_failure: called when a line's thread dies; by default `stop` raises the failure again.

    Raises:
        RecordingRefused: the recording cannot be replayed, or has no row on the days that are asked for.
        DeviceImpossible: a device that its protocol could not carry.
    """

    def __init__(
        self, config: SimConfig, world: NowClock, *, on_failure: Callable[[BaseException], None] | None = None
    ) -> None:
        self._config = config
        self._world = world
        self._on_failure = on_failure or self._keep
        self._failure: BaseException | None = None
        recording = read_recording(config)
        self.replay = Replay.after(
            recording,
            first_day=config.first_day,
            days=config.days,
            utc_offset_s=config.utc_offset_s,
            instant=world.now() if config.not_before is None else config.not_before,
        )
        self._lines = tuple(self._line(line) for line in config.lines)
        self._started = False

    @property
    def lines(self) -> Mapping[str, str]:
        """The pty of each line by the line's name; empty strings before `start`."""
        return {line.name: line.path for line in self._lines}

    @property
    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Counters of each line by the line's name (see `core.bus.Bus`)."""
        return {line.name: line.counts for line in self._lines}

    @property
    def recording_counts(self) -> Counts:
        """What became of the rows of the recording."""
        return self.replay.recording.counts

    def start(self) -> None:
        """Open and serve every line; where one cannot be opened, the lines opened before it are closed again."""
        try:
            for line in self._lines:
                line.start()
        except OSError:
            for line in self._lines:
                line.stop()
            raise

    def stop(self) -> None:
        """Stop every line and join its thread; raises the failure of a thread where `on_failure` was not given."""
        for line in self._lines:
            line.stop()
        if self._failure is not None:
            raise self._failure

    def _keep(self, error: BaseException) -> None:
        self._failure = error

    def _line(self, config: LineConfig) -> Line:
        bus: LineBus
        faults = self._config.faults
        if config.inverters:
            bus = Bus(RequestDecoder(), [self._inverter(item) for item in config.inverters], faults)
        else:
            bus = Bus(FrameDecoder(), [self._meter(item) for item in config.meters], faults)
        return Line(config.name, bus, self._world.now, self._on_failure, config.link)

    def _inverter(self, config: InverterConfig) -> Inverter:
        return Inverter(
            name=config.serial,
            unit=config.unit,
            counting=config.counting,
            scale_factor=config.scale_factor,
            power_scale_factor=power_scale_factor(self._config.nameplate_w, config.counting.weight_ppm),
            serial_number=config.serial,
            replay=self.replay,
        )

    def _meter(self, config: MeterConfig) -> Meter:
        counting = config.counting
        return Meter(
            name=config.serial,
            address=config.address,
            counting=counting,
            tariff_start_wh=config.tariff_start_wh or start_in_tariffs(counting.start_wh, counting.step_wh),
            tariffs=TariffEnergy(self.replay, config.bands),
            reverse_wh=config.reverse_wh,
            replay=self.replay,
        )


def read_recording(config: SimConfig) -> Recording:
    """Read and parse the configured recording.

    Raises:
        RecordingRefused: too large, not UTF-8, not a recording, or without a row on the days that are asked for.
    """
    with config.recording.open("rb") as file:
        data = file.read(RECORDING_BYTES_MAX + 1)
    if len(data) > RECORDING_BYTES_MAX:
        raise RecordingRefused(0, f"{config.recording.name} is larger than {RECORDING_BYTES_MAX} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RecordingRefused(0, f"{config.recording.name} is not UTF-8: {error}") from None
    try:
        recording = parse_recording(
            text,
            utc_offset_s=config.utc_offset_s,
            nameplate_w=config.nameplate_w,
            columns=config.columns,
            scale=config.scale,
        )
    except RecordingRefused as refused:
        raise RecordingRefused(refused.line, refused.problem, file=config.recording.name) from None
    window = Replay.after(
        recording, first_day=config.first_day, days=config.days, utc_offset_s=config.utc_offset_s, instant=0
    )
    if recording.end <= window.origin or recording.first >= window.origin + window.end - window.start:
        raise RecordingRefused(
            0, f"{config.recording.name} has no row on the {config.days} days from {config.first_day}"
        )
    return recording
