"""The oracle as one object: intake, ledger, log, settlement and, where there is one, the chain.

    service = OracleService(config, RealClock(), chain=None, on_failure=stop.set)
    service.start()

`helioracle oracle run` and the demo build the very same object; only clock and chain differ.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from evidence.checkpoint import origin_of
from evidence.keys import meter_id_of
from oracle import asset_file
from oracle.config import OracleConfig
from oracle.errors import Fatal
from oracle.intake.inbox import Inbox
from oracle.intake.take import Intake
from oracle.intake.verify import Verifier
from oracle.intake.worker import IntakeWorker
from oracle.ledger.reader import LedgerReader
from oracle.ledger.sqlite.lock import LedgerLock
from oracle.ledger.writer import LedgerWriter
from oracle.log.sequencer import Sequencer
from oracle.open_asset import OpenAsset
from oracle.registry.registration import register
from oracle.settle.settle_pass import SettlePass
from runtime.clock import WorldClock

if TYPE_CHECKING:  # web3 takes two seconds to import; an oracle without a chain does not pay for it
    from oracle.chain.client import Chain
    from oracle.declare.loop import ChainLoop

AskPassword = Callable[[str], str]
_IDLE_PASS_S = 60


class OracleService:
    """One asset's oracle.

    Constructing it opens and checks everything that can be wrong (files, keys, ledger, chain) and makes the world's time wait for it;
    `start` begins to work.
    """

    def __init__(
        self,
        config: OracleConfig,
        world: WorldClock,
        *,
        chain: "Chain | None",
        on_failure: Callable[[BaseException], None],
        ask_password: AskPassword | None = None,
    ) -> None:
        """Compose it.

        Args:
            config: see `oracle.config`.
            world: the clock of readings and periods.
            chain: an open chain; None takes in and settles without one.
            on_failure: called from a thread that dies; the process must stop then.
            ask_password: asks a person for a keystore's password.

        Raises:
            ConfigError: the asset file, or a key file, cannot be used.
            LedgerError: there is no ledger, it is damaged, or another oracle works on it.
            Fatal: there is a chain, but no contracts or no key for it.
        """
        self._config = config
        self._world = world
        self._stopped = False
        with ExitStack() as opened:
            self.asset = asset_file.load(config.asset_file)
            opened.callback(LedgerLock(config.ledger).release)
            self.writer = opened.enter_context(LedgerWriter(config.ledger))
            self.reader = opened.enter_context(LedgerReader(config.ledger))
            self.sequencer = Sequencer(
                self.writer,
                self.reader,
                origin=origin_of(self.reader.chain_id, self.reader.asset),
                signer=config.signer,
            )
            register(self.asset, self.writer, self.sequencer)
            verifier = Verifier(self.reader.bindings.all())
            opened.callback(verifier.close)
            asset = OpenAsset(
                terms=self.asset.terms,
                meters=self.asset.meters,
                reader=self.reader,
                writer=self.writer,
                sequencer=self.sequencer,
                world=world,
            )
            self._settle = SettlePass(asset, deadline_s=config.settle_deadline_s)
            participant = world.join("oracle intake")
            opened.callback(participant.leave)
            self._inbox = Inbox(
                config.broker,
                asset=self.asset.terms.asset,
                client_id=f"oracle-{meter_id_of(config.signer.public_point).hex()[:16]}",
                receive_maximum=config.receive_maximum,
                participant=participant,
                on_failure=on_failure,
            )
            self._worker = self._intake_worker(verifier, on_failure)
            self.chain_loop = self._chain_loop(chain, asset, on_failure, ask_password)
            self._opened = opened.pop_all()

    def start(self) -> None:
        """Begin to work; the first thing done is what a crash left undone."""
        if self.chain_loop is not None:
            self.chain_loop.start()
        self._worker.start()
        self._inbox.start()

    def wait_ready(self, timeout_s: float) -> bool:
        """Wait until the broker has accepted the subscriptions; False when it has not within the (real) time."""
        return self._inbox.wait_ready(timeout_s)

    def stop(self) -> None:
        """Stop taking in, finish what is being stored, and close everything; idempotent."""
        if self._stopped:
            return
        self._stopped = True
        with self._opened:  # closes what was opened, in reverse, whatever happens on the way
            self._inbox.stop()
            self._worker.join()
            if self.chain_loop is not None:
                self.chain_loop.stop()

    def status(self) -> dict[str, object]:
        """JSON-able; for people and for the API's status page."""
        newest = self.reader.settlement.newest_period()
        return {
            "asset": self.asset.terms.asset,
            "intake": self._worker.status(),
            "inbox": self._inbox.status(),
            "log": {"size": self.sequencer.size, "root": self.sequencer.root().hex()},
            "settlement": self._settle.status(),
            "last_period": None if newest is None else {"period": newest.period, "state": newest.state},
            "chain": None if self.chain_loop is None else self.chain_loop.status(),
        }

    def _intake_worker(self, verifier: Verifier, on_failure: Callable[[BaseException], None]) -> IntakeWorker:
        intake = Intake(
            writer=self.writer,
            reader=self.reader,
            sequencer=self.sequencer,
            verifier=verifier,
            world=self._world,
            signer=self._config.signer,
            refusals_kept=self._config.refusals_kept,
        )
        return IntakeWorker(
            inbox=self._inbox,
            intake=intake,
            reader=self.reader,
            world=self._world,
            signer=self._config.signer,
            messages_per_commit=self._config.messages_per_commit,
            idle_pass_s=None if self._config.settle_deadline_s is None else _IDLE_PASS_S,
            after_commit=self._after_commit,
            on_failure=on_failure,
        )

    def _chain_loop(
        self,
        chain: "Chain | None",
        asset: OpenAsset,
        on_failure: Callable[[BaseException], None],
        ask_password: AskPassword | None,
    ) -> "ChainLoop | None":
        if chain is None:
            return None
        if self.asset.deployment is None:
            raise Fatal(
                f"{self.asset.path}: names no contracts; `helioracle asset deploy` deploys them and writes their addresses"
            )
        if self._config.chain is None:
            raise Fatal(f"{self._config.path}: there is a chain, but no [chain] key to write to it with")
        from oracle.chain.contracts import AssetOnChain  # noqa: PLC0415 see TYPE_CHECKING above
        from oracle.chain.key_file import read_account  # noqa: PLC0415 see TYPE_CHECKING above
        from oracle.declare.loop import ChainLoop  # noqa: PLC0415 see TYPE_CHECKING above

        account = read_account(
            self._config.chain.key,
            field="chain.key",
            profile=self._config.profile,
            ask_password=ask_password,
            password_file=self._config.chain.password_file,
        )
        return ChainLoop(
            asset,
            AssetOnChain.of(chain, self.asset.deployment),
            account,
            on_failure=on_failure,
            poll_s=self._config.chain.poll_s,
            confirmations=self._config.chain.confirmations,
        )

    def _after_commit(self) -> None:
        """Runs in the intake's thread: settle what is complete, sign the log's state for it, and wake the chain."""
        if not self._settle.run():
            return
        newest = self.reader.settlement.newest_period()
        if newest is not None:
            self.sequencer.checkpoint(newest.log_size, self._world.now())
        if self.chain_loop is not None:
            self.chain_loop.wake()
