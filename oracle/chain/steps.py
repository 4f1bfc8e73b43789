"""A person's task of several transactions. A file journals each before it is sent, so that the task goes on after a crash.

The file holds signed transactions and addresses, no keys. Each of its transactions may have been sent: it is looked up on the chain first,
and then the same bytes are sent again (`oracle.chain.attempt`). The file stays when the task is done. A reorganisation may still take a
mined transaction back, and only the same bytes bring it back without a second one.
"""

import json
import threading
from collections.abc import Callable
from pathlib import Path

from eth_account.signers.local import LocalAccount

from oracle.chain import attempt as attempts
from oracle.chain.attempt import Attempt
from oracle.chain.client import RECEIPT_TIMEOUT_S, Chain
from oracle.chain.transaction import Call, Receipt
from oracle.errors import ChainUnreachable
from runtime.durable_file import replace_durably
from runtime.errors import ConfigError

Progress = Callable[[str], None]
_LOOK_S = 0.2  # real time
_SIZE_MAX = 16 * 1024 * 1024
_OF_THE_CHAIN = ("chain_id", "genesis")


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
        self._finished = False
        if path is not None and path.exists():
            self._read(path)

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        """Of the steps done in this run or found to be done, in order."""
        return tuple(self._mined.values())

    def remember(self, name: str, make: Callable[[], str]) -> str:
        """A fact that is made once, when the task begins, and is the same in every later run."""
        if name not in self._facts:
            self._facts[name] = make()
            self._write()
        return self._facts[name]

    def has_begun(self, name: str) -> bool:
        """Whether the step of this name was signed, in this run or an earlier one."""
        return name in self._attempts

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
            earlier = attempt
            attempt = attempts.resend_or_replace(
                self._chain, self._account, attempt, call, lambda new: self._keep(name, new), action=action
            )
            # The nonce was used between the two questions, by these bytes or by others. Had these bytes used it, new ones would do the step
            # twice.
            receipt = attempts.mined(self._chain, earlier, action=action) if attempt is None else None
            if receipt is not None:
                return self._done(name, receipt)
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
        """Wait, real time, until so many blocks stand on top of every step, wherever reorganisations have moved it meanwhile.

        Raises:
            ChainUnreachable: a step is not on the chain any more, or no blocks come; run again.
        """
        wait = threading.Event()
        looks_without_news, last = 0, -1
        while True:
            head = self._chain.block_number()
            if head != last:
                looks_without_news, last = 0, head
                if (missing := self._newest() + confirmations - head) <= 0:
                    return
                self._progress(f"   {missing} blocks to go until it is confirmed")
            looks_without_news += 1
            if looks_without_news * _LOOK_S > RECEIPT_TIMEOUT_S:
                raise ChainUnreachable(f"no new block within {RECEIPT_TIMEOUT_S} s after block {head}; run it again")
            wait.wait(_LOOK_S)

    def finish(self) -> None:
        """Mark the task as done.

        A later run of the same task begins a new one, unless a reorganisation has taken this one back: then that run goes on with this one.
        """
        self._finished = True
        self._write()

    def _newest(self) -> int:
        """The newest block that holds a step; all steps are looked up anew."""
        for name in self._mined:
            found = attempts.mined(self._chain, self._attempts[name], action=name)
            if found is None:
                raise ChainUnreachable(f"a reorganisation took {name} off the chain; run it again, it goes on there")
            self._mined[name] = found
        return max((receipt.block for receipt in self._mined.values()), default=0)

    def _done(self, name: str, receipt: Receipt) -> Receipt:
        self._mined[name] = receipt
        return receipt

    def _keep(self, name: str, attempt: Attempt) -> None:
        self._attempts[name] = attempt
        self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        held = {
            "task": self._task,
            "finished": self._finished,
            "facts": self._facts,
            "steps": {name: attempt.facts() for name, attempt in self._attempts.items()},
        }
        replace_durably(self._path, json.dumps(held, indent=1) + "\n")

    def _read(self, path: Path) -> None:
        try:
            with path.open(encoding="ascii") as file:
                found = json.loads(file.read(_SIZE_MAX))
            task, facts, steps = dict(found["task"]), dict(found["facts"]), dict(found["steps"])
            signed = {str(name): Attempt.of_facts(one) for name, one in steps.items()}
            finished = found.get("finished", False) is True
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(path, "steps", f"is not a journal of steps ({error}); nothing was sent") from None
        if not signed or (finished and not self._taken_back(task, signed)):
            return  # no step is open, so that a new task may begin
        for name in sorted({*task, *self._task}):
            was, is_ = task.get(name, "nothing"), self._task.get(name, "nothing")
            if was != is_:
                raise ConfigError(
                    path,
                    f"task.{name}",
                    f"was begun with {was}, and is {is_} now; nothing was sent. Finish it as it was begun, or remove the"
                    " file to give that up and begin anew",
                )
        self._attempts = signed
        self._facts = {str(name): str(value) for name, value in facts.items()}

    def _taken_back(self, task: dict[str, str], signed: dict[str, Attempt]) -> bool:
        """Whether a reorganisation took back a step of a task that was done, on this chain."""
        if any(task.get(name) != self._task[name] for name in _OF_THE_CHAIN):
            return False
        lost = [name for name, one in signed.items() if attempts.mined(self._chain, one, action=name) is None]
        if lost:
            self._progress(
                f"   a reorganisation took {', '.join(lost)} off the chain after it was done; it goes on there"
            )
        return bool(lost)
