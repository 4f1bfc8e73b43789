"""`python -m tests.mutants [--again] [ONLY]`: makes the mutants of the sources, judges those that nobody has judged, keeps the verdicts.

It goes on where it was interrupted; what Ctrl-C loses is the mutants that are running. It ends with 0 whatever survives:
survivors are for reading. 2 is a wrong ONLY or a set-up that doesn't work, 130 is Ctrl-C.
"""

import argparse
import signal
import sys
import tempfile
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from time import monotonic

from tests.mutants import results, sources
from tests.mutants.judging import NotJudgedError, stop_all, verdict
from tests.mutants.mutant import Mutant
from tests.mutants.results import Verdict
from tests.mutants.tree_copy import TreeCopy

WORKERS = 2
# A mutant may be slower than the sources are, and the machine may have other things to do.
SLOWER, SECONDS_AT_LEAST = 4, 20


class Progress:
    """One line on a terminal, written over; elsewhere a line now and then."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._words: Counter[str] = Counter()
        self._began = monotonic()

    def say(self, source: str, word: str) -> None:
        """One more is judged."""
        self._words[word] += 1
        done, seconds = self._words.total(), int(monotonic() - self._began)
        counts = ", ".join(f"{count} {word}" for word, count in sorted(self._words.items()))
        line = f"{done} of {self._total} in {seconds} s: {counts}; {source}"
        if sys.stdout.isatty():
            sys.stdout.write(f"\r{line[:118]:<118}" + ("\n" if done == self._total else ""))
        elif done % 25 == 0 or done == self._total:
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


class Run:
    """The judging of one source file after another, two mutants at a time, each in a copy of the tree."""

    def __init__(self, copies: list[TreeCopy]) -> None:
        self._free: SimpleQueue[TreeCopy] = SimpleQueue()
        for copy in copies:
            self._free.put(copy)
        self._copies = copies
        self._seconds: dict[tuple[str, ...], int] = {}

    def _judged(self, source: str, mutant: Mutant, tests: list[str], seconds: int) -> Verdict:
        copy = self._free.get()
        try:
            with copy.faulty(source, mutant):
                return verdict(copy, source, tests, seconds)
        finally:
            self._free.put(copy)

    def _limit(self, source: str, tests: list[str]) -> int:
        """Seconds for one run of the tests, by how long they take on the sources as they are.

        Raises:
            NotJudgedError: they don't pass.
        """
        if tuple(tests) not in self._seconds:
            began = monotonic()
            sound = verdict(self._copies[0], source, tests, 1_200)
            if sound.word != "survived":
                raise NotJudgedError(f"{sound.killer or sound.word}: the tests fail without a mutant")
            self._seconds[tuple(tests)] = SECONDS_AT_LEAST + SLOWER * int(monotonic() - began)
        return self._seconds[tuple(tests)]

    def judge(self, source: str, left: list[Mutant], state: results.Judged, progress: Progress) -> None:
        """Judges the mutants of a source that are left; each verdict is on the disk before the next one is waited for."""
        tests = sources.judges(source)
        limit = self._limit(source, tests)
        path = results.result_file(source)
        with ThreadPoolExecutor(len(self._copies)) as pool:
            running: dict[Future[Verdict], Mutant] = {
                pool.submit(self._judged, source, mutant, tests, limit): mutant for mutant in left
            }
            try:
                while running:
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        mutant = running.pop(future)
                        state.verdicts[mutant] = future.result()
                        results.write(path, {**results.read(path), source: state})
                        progress.say(source, state.verdicts[mutant].word)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                stop_all()
                raise


def work(wanted: list[str]) -> None:
    """Judges what is left of these sources, and forgets sources that are gone."""
    known = results.everything()
    for gone in known.keys() - set(sources.all_sources()):
        path = results.result_file(gone)
        results.write(path, {source: judged for source, judged in results.read(path).items() if source != gone})
    old = results.stale(known)
    todo = [source for source in wanted if source not in known or source in old or known[source].left]
    if not todo:
        return
    sys.stdout.write(f"making the mutants of {len(todo)} files\n")
    sys.stdout.flush()
    made = sources.mutants(todo)
    states = {source: results.fitting(known.get(source), results.digest(source), made[source]) for source in todo}
    left = {source: [mutant for mutant in made[source] if mutant not in states[source].verdicts] for source in todo}
    progress = Progress(sum(map(len, left.values())))
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="helioracle-mutants-"))
        run = Run([TreeCopy(Path(folder) / str(number)) for number in range(WORKERS)])
        for source in todo:
            results.write(
                results.result_file(source), {**results.read(results.result_file(source)), source: states[source]}
            )
            if left[source]:
                run.judge(source, left[source], states[source], progress)


def forget_survivors(wanted: list[str]) -> None:
    """Takes the verdicts of survivors back, except of those that are explained: there may be a test for them now."""
    known = results.everything()
    for source, mutant in results.unexplained({source: known[source] for source in wanted if source in known}):
        path = results.result_file(source)
        found = results.read(path)
        del found[source].verdicts[mutant]
        results.write(path, found)


def report(wanted: list[str]) -> None:
    """What is known of these sources now, by folder, and the survivors that nobody has explained."""
    known = results.everything()
    folders: dict[str, Counter[str]] = {}
    for source in wanted:
        if source in known:
            words: Counter[str] = Counter(said.word for said in known[source].verdicts.values())
            words["mutants"] = known[source].mutants
            folders.setdefault(str(Path(source).parent), Counter()).update(words)
    for folder, words in folders.items():
        counts = ", ".join(f"{words[word]} {word}" for word in ("mutants", "killed", "timeout", "survived", "invalid"))
        sys.stdout.write(f"{folder}: {counts}\n")
    open_questions = results.unexplained({source: known[source] for source in wanted if source in known})
    for source, mutant in open_questions:
        sys.stdout.write(f"survived: {source}:{mutant.line} {mutant.operator}\n-{mutant.was}+{mutant.becomes}")
    sys.stdout.write(f"{len(open_questions)} survivors without an explanation\n")


def main(arguments: list[str]) -> int:
    """The command line; the exit code."""
    parser = argparse.ArgumentParser(
        prog="mutants", description="Sow faults into cores and contracts, and see which tests notice."
    )
    parser.add_argument("only", nargs="?", default="", help="a folder or a file; everything if there is none")
    parser.add_argument("--again", action="store_true", help="judge survivors again that nobody has explained")
    asked = parser.parse_args(arguments)
    wanted = sources.chosen(asked.only)
    if not wanted:
        sys.stderr.write(f"mutants: no source file or folder that gets mutants is called {asked.only!r}\n")
        return 2
    # Where a shell runs this in the background, Ctrl-C is ignored; and who is told to end leaves nothing behind either.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if asked.again:
            forget_survivors(wanted)
        work(wanted)
    except (sources.NoMutantsError, NotJudgedError, LookupError) as error:
        sys.stderr.write(f"mutants: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("\nmutants: interrupted; the next `make mutants` goes on from here\n")
        return 130
    report(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
