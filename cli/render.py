"""The TOML that `helioracle init` writes: commented, because it is the first thing a new user reads."""

import json
from datetime import date

from cli import site

_POINT_HEAD = """
# ---- What is settled: metering points. role: generation | export | import | check.
# A check point never earns: it is compared with what the generation points say. `meters` is a formula; "-SERIAL" subtracts.
"""

_METER_HEAD = """
# ---- Which key speaks for which installed meter. A binding is signed by the meter's key and by the installer's (spec/binding.md).
# `replay` is the simulator's: register = step_wh * floor((start_wh + weight_ppm * E / 10^6) / step_wh), E in Wh of the recording.
"""


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string, but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def asset(chain_id: int, first_day: date, installer_point: bytes, sun: site.Sun = site.EXAMPLE) -> str:
    """The asset file."""
    peak_from, peak_to = sun.band_peak
    text = f"""# The asset: what it is, what it earns, who is bound to it. Oracle, command line and simulator read this file.
asset = "{sun.asset}"
name = {_quoted(sun.name)}
utc_offset = "{sun.utc_offset}"      # of the settlement day: fixed, the same constant as on chain
poll_interval_s = {sun.poll_interval_s}      # half of it is the tolerance of the boundary rule
check_tolerance_ppm = 30_000  # how far the check point may differ before the statement says so: 3 %
installer_point = "{installer_point.hex()}"

[periods]
first_day = {first_day.isoformat()}  # period 0 begins here
days = 1                # a payout period is this many whole days

[money]                 # the payment token
symbol = "{site.MONEY_SYMBOL}"
decimals = {site.MONEY_DECIMALS}

[chain]                 # `helioracle asset deploy` writes the contracts' addresses here
chain_id = {chain_id}

# ---- The waterfall, in this order: what is taken from the gross before holders are paid.
[[fee]]
name = "operations"
ppm = 100_000           # 10 % of the gross

[[fee]]
name = "metering and oracle"
fixed = 0.25            # per payout period

# ---- What a kilowatt-hour earns.
[[tariff]]
name = "feed-in"
price_per_kwh = 0.0850

[[tariff]]
name = "time-of-use"
price_per_kwh = 0.0720  # outside of every band
zone = "{sun.band_zone}"      # IANA zone of the bands' local time
[[tariff.band]]
name = "peak"
price_per_kwh = 0.1940
days = "weekdays"
from = "{peak_from}"
to = "{peak_to}"
"""
    text += _POINT_HEAD
    for meter in site.METERS:
        text += f'\n[[point]]\nid = "{meter.point}"\nrole = "{meter.role}"\nmeters = ["{meter.serial}"]\n'
        if meter.tariff:
            text += f'tariff = "{meter.tariff}"\n'
    text += _METER_HEAD
    for meter in site.METERS:
        text += (
            f'\n[[meter]]\nserial = "{meter.serial}"\nbinding = "bindings/{meter.serial}.hex"\n'
            f"replay = {{ weight_ppm = {meter.weight_ppm}, start_wh = {meter.start_wh}, step_wh = {meter.step_wh} }}\n"
        )
    return text


def sim(sun: site.Sun = site.EXAMPLE) -> str:
    """The simulator's file."""
    other = ""
    if sun.columns:
        other += f"columns = {{ {', '.join(f'{ours} = {_quoted(theirs)}' for ours, theirs in sun.columns)} }}\n"
    if sun.scale != 1:
        other += f"scale = {sun.scale:f}              # every value times this: it is normalised\n"
    text = f"""# The simulated plant: which recording is replayed, and which devices stand on which line.
asset = "asset.toml"            # each meter's weight, start register and step stand there, under `replay`
recording = "{sun.recording}"  # or a path to a CSV with a header: time, and power_w | power_kw | energy_wh | energy_kwh
{other}nameplate_w = {sun.nameplate_w}              # of the recorded plant; a row beyond twice of it is not believed
utc_offset = "{sun.utc_offset}"
first_day = {sun.first_day.isoformat()}          # the first recorded day that is replayed, moved to the first day after now by whole weeks
days = {sun.days}
"""
    for name, protocol, meters in site.LINES:
        text += f'\n[[line]]\nname = "{name}"\nprotocol = "{protocol}"\nlink = "run/{name}"  # made at start: the pty\n'
        for meter in meters:
            if meter.protocol == "sunspec":
                text += (
                    f'[[line.inverter]]\nserial = "{meter.serial}"\nunit = {meter.address}\n'
                    f"scale_factor = {meter.scale_factor}\n"
                )
            else:
                text += f'[[line.meter]]\nserial = "{meter.serial}"\naddress = "{meter.address}"\n'
                if meter.band_registers:
                    text += "".join(
                        f'[[line.meter.band]]\nfrom = "{start}"\ntariff = {tariff}\n'
                        for start, tariff in (("00:00", 2), (site.PEAK[0], 1), (site.PEAK[1], 2))
                    )
    return text


def gateway(profile: str, oracle_point: bytes, broker_port: int, sun: site.Sun = site.EXAMPLE) -> str:
    """The gateway's file."""
    text = f"""# The gateway: which meters it reads, with which keys they sign, and where signed batches go.
gateway = "{site.GATEWAY}"      # its segment of every topic; with TLS, the common name of its certificate
asset = "{sun.asset}"
profile = "{profile}"   # production refuses keys in files
outbox = "gateway/outbox.sqlite"
poll_interval_s = {sun.poll_interval_s}
cut_every_s = {sun.cut_every_s}         # a batch ends at the UTC multiples of this
clock = "synchronised"    # chrony on a real gateway: asks it before saying so

[broker]
host = "127.0.0.1"
port = {broker_port}              # with TLS: ca, certificate, key

[oracle]
points = ["{oracle_point.hex()}"]  # whose signed answers are believed
"""
    for name, protocol, meters in site.LINES:
        text += f'\n[[line]]\nname = "{name}"\nprotocol = "{protocol}"\nport = "run/{name}"  # a real one: /dev/serial/by-id/...\n'
        text += "baudrate = 115200\n"
        for meter in meters:
            text += (
                f'[[line.meter]]\nserial = "{meter.serial}"\naddress = "{meter.address}"\n'
                f'key = "keys/{meter.serial}.key"\nbinding = "bindings/{meter.serial}.hex"\n'
            )
            if meter.band_registers:
                text += "tariffs = true  # its tariff registers T1..T4 are signed too, as a cross-check\n"
    return text


def oracle(profile: str, broker_port: int) -> str:
    """The oracle's file."""
    return f"""# The oracle: takes in signed batches, keeps the log, settles, declares.
profile = "{profile}"        # production refuses keys in files
asset_file = "asset.toml"
ledger = "oracle/ledger.sqlite"  # made once, by `helioracle oracle create`
key = "keys/oracle.key"          # P-256: signs answers, heads and checkpoints; gateways pin its public point

[broker]
host = "127.0.0.1"
port = {broker_port}                     # with TLS: ca, certificate, key

# Without [chain] the oracle takes in and settles, and declares nothing.
{"" if profile == "demo" else "# "}[chain]
{"" if profile == "demo" else "# "}rpc_url = "http://127.0.0.1:8545"
{"" if profile == "demo" else "# "}key = "keys/declarer.key"    # Ethereum: signs and sends anchors and reports
"""


def api(oracle_point: bytes, port: int) -> str:
    """The API's file."""
    return f"""# The API and the investor's pages: reads the ledger, never writes.
ledger = "oracle/ledger.sqlite"
host = "127.0.0.1"  # browsers give a page WebCrypto on 127.0.0.1 and over https only
port = {port}         # 0 picks a free one
oracle_point = "{oracle_point.hex()}"  # under which checkpoints are checked
"""


def keeper(profile: str) -> str:
    """The keeper's file."""
    return f"""# The keeper: pays what holders are owed, on its own gas. Anybody may be one; money only goes where it belongs.
profile = "{profile}"   # production refuses keys in files
asset_file = "asset.toml"
ledger = "oracle/ledger.sqlite"  # says who may be a holder; read-only
rpc_url = "http://127.0.0.1:8545"
key = "keys/keeper.key"   # Ethereum: pays the gas
every_s = 3600            # between two passes, at the UTC multiples of this
skip = []                 # addresses of holders who would rather claim
"""
