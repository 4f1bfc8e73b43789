"""The command line of `helioracle`: names, options, examples. What a subcommand does is imported only when it is called."""

import argparse
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
    )
    parser.add_argument("--dir", type=Path, default=None, help="where its files go (default: a new folder ./demo-run)")
    parser.add_argument(
        "--seed", type=int, default=1, help="makes keys and signatures; same seed, same money (default 1)"
    )
    parser.add_argument("--headless", action="store_true", help="no progress bars, no table")
    parser.add_argument("--json", type=Path, default=None, metavar="FILE", help="write the results as JSON")
    parser.add_argument("--no-lies", action="store_true", help="skip the three lies at the end")
    parser.add_argument("--keep", action="store_true", help="leave the page running until Ctrl-C")
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
    parser = commands.add_parser(name, help=what)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    run = _parser(
        verbs.add_parser("run", help=f"run {what} until Ctrl-C or SIGTERM"),
        f"helioracle {name} run --config {name}.toml",
    )
    run.add_argument("--config", type=Path, default=Path(f"{name}.toml"), help=_CONFIG_HELP)
    run.add_argument("--verbose", action="store_true", help="log every step")
    run.set_defaults(module="cli.serve", service=name)
    if name == "sim":
        broker = _parser(
            verbs.add_parser("broker", help="run the embedded MQTT broker on this machine until Ctrl-C"),
            "helioracle sim broker --port 18830",
        )
        broker.add_argument("--port", type=int, default=18830, help="TCP port on 127.0.0.1 (default 18830)")
        broker.add_argument("--verbose", action="store_true", help="log every step")
        broker.set_defaults(module="cli.serve", service="broker")
    if name == "oracle":
        create = _parser(
            verbs.add_parser("create", help="create the ledger, once; `run` never does"),
            "helioracle oracle create --config oracle.toml",
        )
        create.add_argument("--config", type=Path, default=Path("oracle.toml"), help=_CONFIG_HELP)
        create.set_defaults(module="cli.create_ledger")


def _chain_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--asset", type=Path, default=Path("asset.toml"), help="the asset file (default asset.toml)")
    parser.add_argument("--rpc-url", required=True, help="JSON-RPC address of the chain")
    parser.add_argument(
        "--key", type=Path, required=True, help="file with the Ethereum key that signs and pays the gas"
    )
    parser.add_argument("--profile", choices=("demo", "development", "production"), default="development")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _asset(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("asset", help="what the asset's owner does")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    deploy = _parser(
        verbs.add_parser("deploy", help="deploy the asset's contracts and write their addresses into the asset file"),
        "helioracle asset deploy --rpc-url $RPC --key keys/owner.key --signer 0x...",
    )
    _chain_options(deploy)
    deploy.add_argument("--signer", required=True, help="address of the oracle's declaring key")
    deploy.set_defaults(module="cli.asset", verb="deploy")
    fund = _parser(
        verbs.add_parser("fund", help="pay declared revenue into the distributor"),
        "helioracle asset fund --rpc-url $RPC --key keys/owner.key --period 0",
    )
    _chain_options(fund)
    fund.add_argument("--period", type=int, required=True, help="payout period, 0 is the first")
    fund.add_argument(
        "--amount", default=None, help="in the token's units, e.g. 12.50 (default: all that is still open)"
    )
    fund.set_defaults(module="cli.asset", verb="fund")


def _keeper(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("keeper", help="pays what holders are owed, on anybody's gas")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    run = _parser(
        verbs.add_parser("run", help="push every funded tranche to every holder"),
        "helioracle keeper run --once --rpc-url $RPC --key keys/keeper.key --ledger oracle/ledger.sqlite",
    )
    _chain_options(run)
    run.add_argument(
        "--ledger", type=Path, required=True, help="the oracle's ledger: its Transfer events say who may be a holder"
    )
    run.add_argument(
        "--skip", action="append", default=[], metavar="ADDRESS", help="a holder who would rather claim; repeatable"
    )
    run.add_argument("--once", action="store_true", required=True, help="one pass, then stop (the only mode so far)")
    run.set_defaults(module="cli.keeper")


def _claim(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = _parser(
        commands.add_parser("claim", help="an investor takes what is owed"),
        "helioracle claim --rpc-url $RPC --key my.key",
    )
    _chain_options(parser)
    parser.set_defaults(module="cli.claim")
