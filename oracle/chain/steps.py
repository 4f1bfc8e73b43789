"""A person's task of several transactions, each journalled in a file before it is sent: run again after a crash, it goes on where it was.

The file holds signed transactions and addresses, no keys. What is in it was sent, or may have been: it is looked for on the chain
before anything is sent again, and then the same bytes are sent (`oracle.chain.attempt`).
"""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

from eth_account.signers.local import LocalAccount

from oracle.chain import attempt as attempts
from oracle.chain.attempt import Attempt
from oracle.chain.client import RECEIPT_TIMEOUT_S, Chain
from oracle.chain.transaction import Call, Receipt
from oracle.errors import ChainUnreachable
from shell.errors import ConfigError

Progress = Callable[[str], None]
_LOOK_S = 0.2  # real time
_SIZE_MAX = 16 * 1024 * 1024


class Steps:
    """The steps of one task, by one account."""

    def __init__(
        self,
        chain: Chain,
        account: LocalAccount,
        *,
        path: Path | None = None,
        task: dict[str, str] | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Begin a task, or go on with it.

        Args:
            chain: where.
            account: who signs and pays.
            path: the file; without one the steps are only held in memory.
            task: what the task is; a file of another task is refused.
            progress: takes a line for people about each step.

        Raises:
            ConfigError: the file is of another task, or not one of ours.
        """
        self._chain = chain
        self._account = account
        self._path = path
        self._progress = progress or (lambda _line: None)
        # The genesis tells chains of the same id apart: a development node that was started afresh has forgotten everything.
        begun = {
            "chain_id": str(chain.chain_id),
            "genesis": str(chain.block_hash(0)),
            "account": account.address,
            **(task or {}),
        }
        self._task = begun
        self._facts: dict[str, str] = {}
        self._attempts: dict[str, Attempt] = {}
        self._mined: dict[str, Receipt] = {}
        if path is not None and path.exists():
            self._read(path)

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        """Of the steps done in this run or found to be done, in order."""
        return tuple(self._mined.values())

    def remember(self, name: str, make: Callable[[], str]) -> str:
        """A fact that the task began with: made once, the same in every later run."""
        if name not in self._facts:
            self._facts[name] = make()
            self._write()
        return self._facts[name]

    def transact(self, name: str, call: Callable[[], Call], *, action: str) -> Receipt:
        """Do the step of this name, once, whatever the number of runs, and wait until it is mined.

        Raises:
            ChainRefused: the contract says no.
            ChainUnreachable: no answer, or not mined in time; run again.
        """
        number = len(self._mined) + 1
        attempt = self._attempts.get(name)
        receipt = None if attempt is None else attempts.mined(self._chain, attempt, action=action)
        if receipt is not None:
            self._progress(f"{number:2} {action}: done before, in block {receipt.block}")
            return self._done(name, receipt)
        if attempt is not None:
            attempt = attempts.again(
                self._chain, self._account, attempt, call, lambda new: self._keep(name, new), action=action
            )
        if attempt is None:
            attempt = attempts.sign(self._chain, self._account, call(), action=action)
            self._keep(name, attempt)
            # Durable: the signed bytes. A crash from here on finds them, looks for their receipt, and sends the same bytes.
            self._chain.send(attempt.raw, action=action)
        self._progress(f"{number:2} {action}: sent {attempt.tx_hash}")
        receipt = self._chain.wait(attempt.tx_hash, action=action)
        self._progress(f"{number:2} {action}: in block {receipt.block}")
        return self._done(name, receipt)

    def confirm(self, confirmations: int) -> None:
        """Wait, real time, until so many blocks stand on top of the last step, and every step stands still.

        Raises:
            ChainUnreachable: a step is not on the chain any more, or no blocks come; run again.
        """
        newest = max((receipt.block for receipt in self._mined.values()), default=0)
        wait = threading.Event()
        looks_without_news, last = 0, -1
        while (head := self._chain.block_number()) < newest + confirmations:
            if head != last:
                self._progress(f"   {newest + confirmations - head} blocks to go until it is confirmed")
            looks_without_news = looks_without_news + 1 if head == last else 0
            last = head
            if looks_without_news * _LOOK_S > RECEIPT_TIMEOUT_S:
                raise ChainUnreachable(f"no new block within {RECEIPT_TIMEOUT_S} s after block {head}; run it again")
            wait.wait(_LOOK_S)
        for name in self._mined:
            found = attempts.mined(self._chain, self._attempts[name], action=name)
            if found is None:
                raise ChainUnreachable(f"a reorganisation took {name} off the chain; run it again, it goes on there")

    def forget(self) -> None:
        """The task is done and needs no file any more."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _done(self, name: str, receipt: Receipt) -> Receipt:
        self._mined[name] = receipt
        return receipt

    def _keep(self, name: str, attempt: Attempt) -> None:
        self._attempts[name] = attempt
        self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        text = json.dumps(
            {
                "task": self._task,
                "facts": self._facts,
                "steps": {name: attempt.facts() for name, attempt in self._attempts.items()},
            },
            indent=1,
        )
        new = self._path.with_name(self._path.name + ".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _read(self, path: Path) -> None:
        try:
            with path.open(encoding="ascii") as file:
                found = json.loads(file.read(_SIZE_MAX))
            task, facts, steps = dict(found["task"]), dict(found["facts"]), dict(found["steps"])
            self._attempts = {str(name): Attempt.of_facts(one) for name, one in steps.items()}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(path, "steps", f"is not a journal of steps ({error}); nothing was sent") from None
        if not self._attempts:
            return  # nothing was signed, so nothing can have been sent: whatever it was, it may begin anew
        for name in sorted({*task, *self._task}):
            was, is_ = task.get(name, "nothing"), self._task.get(name, "nothing")
            if was != is_:
                raise ConfigError(
                    path,
                    f"task.{name}",
                    f"was begun with {was}, and is {is_} now; nothing was sent. Finish it as it was begun, or remove the"
                    " file to give that up and begin anew",
                )
        self._facts = {str(name): str(value) for name, value in facts.items()}
