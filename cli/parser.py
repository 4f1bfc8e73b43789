"""The command line of `helioracle`: names, options, examples. What a subcommand does is imported only when it is called."""

import argparse
import re
from pathlib import Path

_CONFIG_HELP = "its TOML file; `helioracle init DIR` writes a commented one"


def build() -> argparse.ArgumentParser:
    """The whole parser; each leaf sets `module`, whose `run(arguments) -> int` does the work."""
    parser = _parser(
        argparse.ArgumentParser(
            prog="helioracle",
            description="A revenue oracle for tokenised energy assets: from the meter's signature to the investor's payout.",
        ),
        "helioracle demo",
        "helioracle init my-site",
        "helioracle gateway run --config my-site/gateway.toml",
    )
    parser.add_argument("--version", action="store_true", help="print the version and stop")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _demo(commands)
    _init(commands)
    for name, what in (
        ("sim", "the simulated meters"),
        ("gateway", "the edge gateway"),
        ("oracle", "the oracle"),
        ("api", "the HTTP API and the investor's pages"),
    ):
        _service(commands, name, what)
    _asset(commands)
    _keeper(commands)
    _claim(commands)
    _certs(commands)
    return parser


def _parser(parser: argparse.ArgumentParser, *examples: str) -> argparse.ArgumentParser:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "examples:\n" + "\n".join(f"  {example}" for example in examples)
    return parser


_Commands = argparse._SubParsersAction  # noqa: SLF001 argparse gives the type no public name


def _demo(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = _parser(
        commands.add_parser("demo", help="the closed loop on this machine: recorded sun to stablecoin"),
        "helioracle demo",
        "helioracle demo --keep",
        "helioracle demo --headless --json result.json",
        "helioracle demo --recording roof.csv --days 2016-03-10..2016-03-12 --tz -07:00",
        "helioracle demo --recording roof.csv --columns time=ts,power_kw=meas_val_f",
    )
    # A value such as -07:00 is no option. Newer versions of Python know that themselves.
    parser._negative_number_matcher = re.compile(r"-\.?\d")  # noqa: SLF001
    parser.add_argument("--dir", type=Path, default=None, help="where its files go (default: a new folder ./demo-run)")
    parser.add_argument(
        "--seed", type=int, default=1, help="makes keys and signatures; same seed, same money (default 1)"
    )
    parser.add_argument("--headless", action="store_true", help="no progress bars, no table")
    parser.add_argument("--json", type=Path, default=None, metavar="FILE", help="write the results as JSON")
    parser.add_argument("--no-lies", action="store_true", help="skip the three lies at the end")
    parser.add_argument("--keep", action="store_true", help="leave the page running until Ctrl-C")
    parser.add_argument(
        "--recording", type=Path, default=None, metavar="FILE", help="a CSV to replay instead (docs/recordings.md)"
    )
    parser.add_argument(
        "--days", default=None, metavar="FIRST..LAST", help="recorded days, both included (default: the first three)"
    )
    parser.add_argument(
        "--tz", default=None, metavar="OFFSET", help="offset of the asset, and of times that name none (default +00:00)"
    )
    parser.add_argument(
        "--columns", default=None, metavar="NAME=COLUMN,...", help="other column names; #1 is the first column"
    )
    parser.add_argument("--scale", default=None, metavar="N", help="multiplies every value: for normalised power")
    parser.add_argument(
        "--nameplate", type=int, default=None, metavar="W", help="of the recorded plant (default: from the recording)"
    )
    parser.add_argument(
        "--poll-interval", type=int, default=None, metavar="S", help="seconds between two polls (default 300)"
    )
    parser.add_argument(
        "--rpc-url", default=None, help="another chain than the embedded one; it must have time control"
    )
    parser.set_defaults(module="cli.demo.command")


def _init(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = _parser(
        commands.add_parser("init", help="write a commented set of configuration files and keys"),
        "helioracle init my-site",
        "helioracle init my-site --chain-id 31337 --first-day 2026-12-01",
    )
    parser.add_argument("dir", type=Path, metavar="DIR", help="a folder that does not exist yet, or is empty")
    parser.add_argument("--chain-id", type=int, default=31337, help="chain of the contracts (default 31337: anvil)")
    parser.add_argument(
        "--first-day", default=None, metavar="YYYY-MM-DD", help="first day that is settled (default: tomorrow)"
    )
    parser.set_defaults(module="cli.init")


def _service(commands: "_Commands[argparse.ArgumentParser]", name: str, what: str) -> None:
    parser = _parser(
        commands.add_parser(name, help=what),
        f"helioracle {name} run --config {name}.toml",
        f"helioracle {name} status --config {name}.toml",
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    run = _parser(
        verbs.add_parser("run", help=f"run {what} until Ctrl-C or SIGTERM"),
        f"helioracle {name} run --config {name}.toml",
    )
    run.add_argument("--config", type=Path, default=Path(f"{name}.toml"), help=_CONFIG_HELP)
    run.add_argument("--verbose", action="store_true", help="log every step")
    run.set_defaults(module="cli.serve", service=name)
    _status(verbs, name)
    if name == "sim":
        broker = _parser(
            verbs.add_parser("broker", help="run the embedded MQTT broker on this machine until Ctrl-C"),
            "helioracle sim broker --port 18830",
        )
        broker.add_argument("--port", type=int, default=18830, help="TCP port on 127.0.0.1 (default 18830)")
        broker.add_argument("--verbose", action="store_true", help="log every step")
        broker.set_defaults(module="cli.serve", service="broker")
    if name == "gateway":
        _first_read(verbs)
        _bind(verbs)
    if name == "oracle":
        create = _parser(
            verbs.add_parser("create", help="create the ledger, once; `run` never does"),
            "helioracle oracle create --config oracle.toml",
        )
        create.add_argument("--config", type=Path, default=Path("oracle.toml"), help=_CONFIG_HELP)
        create.set_defaults(module="cli.create_ledger")
        migrate = _parser(
            verbs.add_parser(
                "migrate", help="bring a ledger of an older version to this one's schema; back it up before"
            ),
            "helioracle oracle migrate --config oracle.toml",
        )
        migrate.add_argument("--config", type=Path, default=Path("oracle.toml"), help=_CONFIG_HELP)
        migrate.set_defaults(module="cli.migrate_ledger")
        _refusals(verbs)
        _answer_dispute(verbs)


def _first_read(verbs: "_Commands[argparse.ArgumentParser]") -> None:
    probe = _parser(
        verbs.add_parser("probe", help="ask every meter once and print its registers; nothing is signed"),
        "helioracle gateway probe --config gateway.toml",
    )
    probe.add_argument("--config", type=Path, default=Path("gateway.toml"), help=_CONFIG_HELP)
    probe.add_argument("--json", action="store_true", help="print the registers as JSON")
    probe.set_defaults(module="cli.probe")


def _bind(verbs: "_Commands[argparse.ArgumentParser]") -> None:
    bind = _parser(
        verbs.add_parser("bind", help="make a meter's key, and the binding that it and the installer sign"),
        "helioracle gateway bind --asset-id my-roof --chain-id 31337 --point roof-1 --serial 7F00A1 --protocol sunspec"
        " --scale-factor 0 --nameplate-w 10000 --key keys/7F00A1.key --installer-key keys/installer.key"
        " --out bindings/7F00A1.hex",
    )
    bind.add_argument("--asset-id", required=True, help="`asset` of the asset file")
    bind.add_argument("--chain-id", type=int, required=True, help="chain of the asset's contracts")
    bind.add_argument("--point", required=True, help="metering point that this meter makes")
    bind.add_argument("--serial", required=True, help="serial number on the meter's plate, without spaces")
    bind.add_argument("--protocol", choices=("sunspec", "dlt645"), required=True, help="says where the register wraps")
    bind.add_argument(
        "--scale-factor", type=int, choices=range(-10, 11), metavar="-10..10", help="WH_SF of an inverter"
    )
    bind.add_argument(
        "--forward", choices=("export", "import"), default="export", help="what its forward register counts"
    )
    bind.add_argument(
        "--multiplier", default="1", metavar="N[/D]", help="ratio of outer current and voltage transformers"
    )
    bind.add_argument(
        "--nameplate-w", type=int, required=True, help="the most that can flow, in W after the multiplier"
    )
    bind.add_argument("--valid-from", default=None, metavar="TIME", help="RFC 3339 (default: now)")
    bind.add_argument("--key", type=Path, required=True, help="the meter's key file; made when it is missing")
    bind.add_argument("--installer-key", type=Path, required=True, help="key file of whoever saw the meter")
    bind.add_argument("--out", type=Path, required=True, help="where the binding goes; never overwritten")
    bind.set_defaults(module="cli.bind")


def _refusals(verbs: "_Commands[argparse.ArgumentParser]") -> None:
    refusals = _parser(
        verbs.add_parser("refusals", help="list what was refused and why, and headers that exclude each other"),
        "helioracle oracle refusals --config oracle.toml",
        "helioracle oracle refusals --config oracle.toml --json --limit 100 --before 4711",
    )
    refusals.add_argument("--config", type=Path, default=Path("oracle.toml"), help=_CONFIG_HELP)
    refusals.add_argument("--json", action="store_true", help="print the page as JSON")
    refusals.add_argument("--limit", type=int, default=20, help="at most so many, 1 to 500 (default 20)")
    refusals.add_argument(
        "--before", type=int, default=None, metavar="ID", help="only those older than this one: the next page"
    )
    refusals.set_defaults(module="cli.refusals")


def _answer_dispute(verbs: "_Commands[argparse.ArgumentParser]") -> None:
    answer = _parser(
        verbs.add_parser(
            "answer-dispute", help="declare a disputed period again, with the figures that the ledger gives"
        ),
        "helioracle oracle answer-dispute --config oracle.toml --period 3",
    )
    answer.add_argument("--config", type=Path, default=Path("oracle.toml"), help=_CONFIG_HELP)
    answer.add_argument("--period", type=int, required=True, help="the period; `oracle status` lists what is disputed")
    answer.add_argument("--json", action="store_true", help="print the result as JSON")
    answer.set_defaults(module="cli.answer_dispute")


def _status(verbs: "_Commands[argparse.ArgumentParser]", name: str) -> None:
    status = _parser(
        verbs.add_parser("status", help="what the running service last said of itself; exit code 0 while it runs"),
        f"helioracle {name} status --config {name}.toml",
        f"helioracle {name} status --config {name}.toml --json",
    )
    status.add_argument("--config", type=Path, default=Path(f"{name}.toml"), help=_CONFIG_HELP)
    status.add_argument("--json", action="store_true", help="print it as JSON")
    status.set_defaults(module="cli.status", service=name)


def _certs(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = _parser(
        commands.add_parser("certs", help="a certificate authority of one's own for the broker, and everybody's keys"),
        "helioracle certs certs --broker broker.example.net --gateway roof-pi",
        "helioracle certs certs --gateway barn-pi",
    )
    parser.add_argument("dir", type=Path, metavar="DIR", help="where they go; what is there already is kept")
    parser.add_argument(
        "--broker",
        action="append",
        default=[],
        metavar="NAME",
        help="name or address of the broker; repeatable (default 127.0.0.1 and localhost)",
    )
    parser.add_argument(
        "--gateway", action="append", default=[], metavar="NAME", help="`gateway` of a gateway.toml; repeatable"
    )
    parser.add_argument("--days", type=int, default=825, help="how long the certificates are valid (default 825)")
    parser.set_defaults(module="cli.certs")


def _chain_options(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    parser.add_argument("--asset", type=Path, default=Path("asset.toml"), help="the asset file (default asset.toml)")
    parser.add_argument("--rpc-url", required=required, help="JSON-RPC address of the chain")
    _account_options(parser, required=required)


def _account_options(parser: argparse.ArgumentParser, *, required: bool) -> None:
    account = parser.add_mutually_exclusive_group(required=required)
    account.add_argument(
        "--keystore", type=Path, help="keystore v3 file (encrypted) of the account that signs and pays the gas"
    )
    account.add_argument("--key", type=Path, help="the same as 64 hex digits in the open, for development")
    parser.add_argument(
        "--password-file",
        type=Path,
        default=None,
        help="its first line is the keystore's password (default: you are asked)",
    )
    parser.add_argument(
        "--profile",
        choices=("demo", "development", "production"),
        default="development",
        help="which key files are believed: demo keys in profile demo only",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _asset(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = _parser(
        commands.add_parser("asset", help="what the asset's owner does"),
        "helioracle asset deploy --help",
        "helioracle asset fund --rpc-url $RPC --key keys/owner.key --period 0",
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    address = _parser(
        verbs.add_parser("address", help="print the address of a key or keystore"),
        "helioracle asset address --key keys/declarer.key",
    )
    _account_options(address, required=True)
    address.set_defaults(module="cli.address")
    deploy = _parser(
        verbs.add_parser("deploy", help="deploy the asset's contracts and write their addresses into the asset file"),
        "helioracle asset deploy --rpc-url $RPC --keystore keys/owner.json --signer 0x...",
        "helioracle asset deploy --rpc-url $RPC --key keys/owner.key --signer 0x... --treasury 0x... --confirmations 2",
    )
    _chain_options(deploy)
    deploy.add_argument(
        "--signer",
        required=True,
        action="append",
        metavar="ADDRESS",
        help="address of the oracle's declaring key; repeatable, one for each oracle",
    )
    deploy.add_argument(
        "--threshold", type=int, default=None, help="how many signers a report needs (default: just more than half)"
    )
    deploy.add_argument(
        "--challenge-window",
        type=int,
        default=86_400,
        metavar="SECONDS",
        help="how long a report may be disputed before it is final (default 86400; 0 for development)",
    )
    deploy.add_argument(
        "--resolve-window",
        type=int,
        default=604_800,
        metavar="SECONDS",
        help="how long the signers have to answer a dispute (default 604800)",
    )
    deploy.add_argument(
        "--profile-minutes",
        type=int,
        default=1440,
        metavar="MINUTES",
        help="the most full-load minutes that the asset makes on a day (default 1440)",
    )
    deploy.add_argument(
        "--factory", default=None, metavar="ADDRESS", help="an AssetFactory that exists (default: a new one)"
    )
    for role, duty in (
        ("admin", "everything that no other role is for, announced 7 days ahead"),
        ("registrar", "appends to the meter registry, announced 2 days ahead; never a signer"),
        ("compliance", "says who may hold and be paid, freezes shares and payouts"),
        ("treasury", "funds final periods; owner of the demo token"),
        ("issuer", "mints shares, burns its own"),
        ("guardian", "disputes, cancels and pauses"),
        ("enforcer", "moves shares by force and redirects lost wallets, announced 3 days ahead"),
        ("signer-admin", "announces signer sets, 2 days ahead"),
        ("restarter", "announces that a lost log begins anew, 14 days ahead"),
    ):
        deploy.add_argument(f"--{role}", default=None, metavar="ADDRESS", help=f"{duty} (default: the deployer)")
    deploy.add_argument(
        "--token", default=None, metavar="ADDRESS", help="the payment token, an ERC-20 (default: a new demo token)"
    )
    _confirmations(deploy)
    deploy.set_defaults(module="cli.asset", verb="deploy")
    allow = _parser(
        verbs.add_parser("allow", help="say who may hold shares and be paid"),
        "helioracle asset allow --rpc-url $RPC --key keys/owner.key --holder 0x... --holder 0x...",
    )
    _chain_options(allow)
    allow.add_argument("--holder", action="append", required=True, metavar="ADDRESS", help="repeatable, 256 at most")
    allow.add_argument("--deny", action="store_true", help="take them off the list instead")
    allow.set_defaults(module="cli.asset", verb="allow")
    mint = _parser(
        verbs.add_parser("mint", help="create shares for a holder"),
        "helioracle asset mint --rpc-url $RPC --key keys/owner.key --to 0x... --shares 100",
    )
    _chain_options(mint)
    mint.add_argument("--to", required=True, metavar="ADDRESS", help="a holder whom `asset allow` has allowed")
    mint.add_argument("--shares", type=int, required=True, help="whole shares")
    _confirmations(mint)
    mint.set_defaults(module="cli.asset", verb="mint")
    _demo_money(verbs)
    fund = _parser(
        verbs.add_parser("fund", help="pay declared revenue into the distributor"),
        "helioracle asset fund --rpc-url $RPC --key keys/owner.key --period 0",
    )
    _chain_options(fund)
    fund.add_argument("--period", type=int, required=True, help="payout period, 0 is the first")
    fund.add_argument(
        "--amount", default=None, help="in the token's units, e.g. 12.50 (default: all that is still open)"
    )
    _confirmations(fund)
    fund.set_defaults(module="cli.asset", verb="fund")


def _demo_money(verbs: "_Commands[argparse.ArgumentParser]") -> None:
    money = _parser(
        verbs.add_parser("demo-money", help="create money of the demo token, which is worth nothing"),
        "helioracle asset demo-money --rpc-url $RPC --key keys/owner.key --amount 100",
    )
    _chain_options(money)
    money.add_argument("--amount", required=True, help="in the token's units, e.g. 12.50")
    money.add_argument("--to", default=None, metavar="ADDRESS", help="who gets it (default: the account that signs)")
    _confirmations(money)
    money.set_defaults(module="cli.asset", verb="demo-money")


def _confirmations(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--confirmations", type=int, default=0, metavar="N", help="blocks to wait for on top of it (default 0)"
    )


def _keeper(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = _parser(
        commands.add_parser("keeper", help="pays what holders are owed, on anybody's gas"),
        "helioracle keeper run --config keeper.toml",
        "helioracle keeper status --config keeper.toml",
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    run = _parser(
        verbs.add_parser("run", help="push every funded tranche to every holder, again and again, or once"),
        "helioracle keeper run --config keeper.toml",
        "helioracle keeper run --once --rpc-url $RPC --key keys/keeper.key --ledger oracle/ledger.sqlite",
    )
    run.add_argument("--config", type=Path, default=Path("keeper.toml"), help=_CONFIG_HELP)
    run.add_argument(
        "--every", type=int, default=None, metavar="S", help="seconds between two passes (default: every_s of the file)"
    )
    run.add_argument(
        "--once", action="store_true", help="one pass, then stop; from the file, or from the options below without one"
    )
    run.add_argument("--verbose", action="store_true", help="log every step")
    _chain_options(run, required=False)
    run.add_argument(
        "--ledger", type=Path, default=None, help="the oracle's ledger: its Transfer events say who may be a holder"
    )
    run.add_argument(
        "--skip", action="append", default=[], metavar="ADDRESS", help="a holder who would rather claim; repeatable"
    )
    run.set_defaults(module="cli.keeper", service="keeper")
    _status(verbs, "keeper")


def _claim(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = _parser(
        commands.add_parser("claim", help="an investor takes what is owed"),
        "helioracle claim --rpc-url $RPC --key my.key",
    )
    _chain_options(parser)
    parser.set_defaults(module="cli.claim")
