"""Makes a line of its configuration, for the poll loop and for `helioracle gateway probe`."""

from collections import Counter

from gateway.lines.config import LineConfig
from gateway.lines.meter_line import MeterLine, MeterProtocol
from gateway.lines.serial_port import SerialPort


def open_line(config: LineConfig) -> MeterLine:
    """The line of one `[[line]]`; its port is opened at the first poll."""
    port = SerialPort(
        line=config.name,
        path=config.port,
        baudrate=config.baudrate,
        parity=config.parity,
        timeout_ms=config.timeout_ms,
        quiet_ms=config.quiet_ms,
    )
    counts: Counter[str] = Counter()
    return MeterLine(port, _protocol(config, port, counts), counts, attempts=config.attempts)


def _protocol(config: LineConfig, port: SerialPort, counts: Counter[str]) -> MeterProtocol:
    # Imported only when it is used: a site with DL/T 645 meters alone never loads pymodbus, and one with Modbus alone never our codec.
    if config.protocol == "modbus-rtu":
        from gateway.lines.modbus_line import ModbusLine  # noqa: PLC0415 see above

        return ModbusLine(port, counts, mbap=config.framing == "tcp")
    from gateway.lines.dlt645_line import Dlt645Line  # noqa: PLC0415 see above

    return Dlt645Line(port, counts, with_power=config.with_power)
