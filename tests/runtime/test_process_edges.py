"""Workers whose death is noticed, key files, signals and the log line."""

import logging
import os
import signal
import stat
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from evidence.keys import FileSigner, PublicKey, private_key_from
from runtime import key_files, logs
from runtime.errors import ConfigError
from runtime.signals import stop_on_signals
from runtime.worker import Worker

WAIT_S = 60


def test_a_workers_death_reaches_its_owner() -> None:
    heard: list[BaseException] = []

    def dies() -> None:
        raise RuntimeError("inbox gone")

    worker = Worker("inbox", dies, heard.append)
    assert not worker.alive
    worker.join()
    worker.start()
    worker.join(WAIT_S)
    assert not worker.alive
    assert [str(error) for error in heard] == ["inbox gone"]


def test_a_worker_that_ends_is_no_failure() -> None:
    done = threading.Event()
    heard: list[BaseException] = []
    worker = Worker("loop", done.set, heard.append)
    worker.start()
    worker.join(WAIT_S)
    assert done.is_set()
    assert heard == []


def test_a_worker_that_does_not_stop_is_named() -> None:
    stop = threading.Event()

    def waits() -> None:
        stop.wait(WAIT_S)

    worker = Worker("stuck", waits, lambda error: None)
    worker.start()
    with pytest.raises(TimeoutError, match="thread stuck has not stopped within 0 s"):
        worker.join(0)
    assert worker.alive
    stop.set()
    worker.join(WAIT_S)


def key() -> ec.EllipticCurvePrivateKey:
    return private_key_from(lambda n: bytes(range(n)))


def test_a_key_file_is_its_owners_alone_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "meter.pem"
    before = os.umask(0)
    try:
        key_files.write_signer(path, key(), demo=False)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    signer = key_files.read_signer(path, field="key", profile="development")
    PublicKey(FileSigner(key()).public_point).open(b"m", signer.sign(b"m"), what="test")


def test_an_existing_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "meter.pem"
    key_files.write_secret(path, "first")
    with pytest.raises(FileExistsError):
        key_files.write_signer(path, key(), demo=True)
    assert path.read_text() == "first"


@pytest.mark.parametrize("before", ["", "\n", "  \n\n"], ids=["as-written", "after-a-blank-line", "after-spaces"])
def test_a_demo_key_is_refused_outside_the_demo(tmp_path: Path, before: str) -> None:
    path, moved = tmp_path / "meter.pem", tmp_path / "moved.pem"
    key_files.write_signer(path, key(), demo=True)
    assert path.read_text().startswith(key_files.DEMO_MARK)
    key_files.write_secret(moved, before + path.read_text())
    assert key_files.read_signer(moved, field="key", profile="demo").public_point == FileSigner(key()).public_point
    with pytest.raises(ConfigError, match=r"moved\.pem: key: is a demo key .* profile development refuses it"):
        key_files.read_signer(moved, field="key", profile="development")


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "meter.pem"
    key_files.write_signer(path, key(), demo=False)
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="can be read by others than its owner; type: chmod 600"):
        key_files.read_signer(path, field="key", profile="development")


def test_production_refuses_keys_in_files(tmp_path: Path) -> None:
    path = tmp_path / "meter.pem"
    key_files.write_signer(path, key(), demo=False)
    with pytest.raises(ConfigError, match="profile production refuses keys in files"):
        key_files.read_signer(path, field="key", profile="production")


def _pem(private: ec.EllipticCurvePrivateKey, password: bytes | None = None) -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "there is no such key file; `helioracle init DIR` makes one"),
        (b"secret-words", "is not an unencrypted PEM private key"),
        (b"\xff\xfe", "cannot be read as a key file"),
        (b"x" * 16_385, "is too large for a key file"),
        (_pem(ec.generate_private_key(ec.SECP256K1())), "is not a key on the curve P-256"),
        (_pem(key(), b"password"), "is not an unencrypted PEM private key"),
        (_pem(key())[:-40], "is not an unencrypted PEM private key"),
    ],
    ids=["absent", "not-pem", "not-ascii", "too-large", "other-curve", "encrypted", "truncated"],
)
def test_a_bad_key_file_is_named_and_never_shown(tmp_path: Path, content: bytes | None, problem: str) -> None:
    path = tmp_path / "meter.pem"
    if content is not None:
        path.touch(mode=0o600)
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        key_files.read_signer(path, field="meter.key", profile="development")
    assert str(caught.value) == f"{path}: meter.key: {problem}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_sets_the_event_and_a_second_one_falls_through(number: signal.Signals) -> None:
    fell_through = threading.Event()
    before = signal.signal(number, lambda *_: fell_through.set())
    try:
        with stop_on_signals() as stop:
            assert not stop.is_set()
            signal.raise_signal(number)
            assert stop.wait(WAIT_S)
            assert not fell_through.is_set()
            signal.raise_signal(number)
            assert fell_through.wait(WAIT_S)
        fell_through.clear()
        signal.raise_signal(number)
        assert fell_through.wait(WAIT_S), "the handler from before was not put back"
    finally:
        signal.signal(number, before)


@pytest.mark.timeout(120)
def test_a_signal_in_the_middle_of_waiting_for_it_stops_the_process_all_the_same() -> None:
    """Whoever waits for an event holds its lock for a moment before it sleeps, and the handler runs in that very thread."""
    with stop_on_signals() as stop:
        with stop._cond:  # type: ignore[attr-defined]  # typeshed hides it
            signal.raise_signal(signal.SIGTERM)
        assert stop.wait(WAIT_S)


def test_a_log_line_carries_its_facts(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        logs.set_up()
        logging.getLogger("gateway.poll").warning("no answer", extra=logs.facts(meter="SN-1", seq=7))
        logging.getLogger("gateway.poll").debug("not shown")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    line = capsys.readouterr().err
    assert line.endswith("Z WARNING gateway.poll no answer  meter=SN-1 seq=7\n")
    assert line.count("\n") == 1
