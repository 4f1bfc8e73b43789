"""Three lies, each told with a real message or transaction, and who refuses it.

1. A reading is raised by 1 kWh; root and registers are recomputed, so only the signature can tell.
2. A batch is left out; the gateway's own key signs the next one as if nothing were missing.
3. The log is rewritten, and the oracle's own key signs an anchor for the new one.
"""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import paho.mqtt.client as mqtt
from web3 import Web3
from web3.contract.contract import ContractFunction

from cli.demo.stage import Stage
from cli.errors import CommandFailed
from evidence import header as headers
from evidence import log_entry, merkle, tags
from evidence.answer import AnswerItem, Verdict, open_answer
from evidence.batch import batch_root, split_body, summary
from evidence.bundle import BundleItem, encode_bundle
from evidence.header import Kind
from evidence.keys import PublicKey
from evidence.reading import Reading, decode
from evidence.topics import DOWN, UP, Topic
from oracle.chain.client import Chain
from oracle.chain.declarations import anchor_call, anchored_head
from oracle.errors import ChainRefused
from oracle.ledger.rows import BatchRow
from runtime.broker import BrokerConfig
from runtime.key_files import read_signer
from runtime.mqtt import new_client

_ANSWER_S = 20
_GATEWAY = "liar"
_ONE_KWH = 1_000
_GAS = 500_000


@dataclass(frozen=True, slots=True)
class Lie:
    """A lie that was told.

    Attributes:
        lie: what was claimed.
        refused_by: who did not believe it.
        reason: in that party's own words.
    """

    lie: str
    refused_by: str
    reason: str


def run_lies(stage: Stage) -> list[Lie]:
    """Tell all three.

    Raises:
        CommandFailed: one was believed.
    """
    stage.world.join("lies")  # holds the world's time; nothing else happens meanwhile
    with _line_to_oracle(stage) as line:
        return [
            _by_oracle(stage, line, "a reading is raised by 1 kWh", _raised(stage)),
            _by_oracle(stage, line, "a batch is left out, the next one is signed", _left_out(stage)),
            _rewritten_log(stage),
        ]


# ---------------------------------------------------------------- to the oracle, over MQTT


class _Line:
    def __init__(self, client: mqtt.Client, asset: str, inbox: "queue.Queue[bytes]", oracle: PublicKey) -> None:
        self._client = client
        self._asset = asset
        self._inbox = inbox
        self._oracle = oracle

    def ask(self, item: BundleItem) -> AnswerItem:
        """Send one batch and return the oracle's signed answer to it."""
        self._client.publish(str(Topic(self._asset, _GATEWAY, UP)), encode_bundle([item]), qos=1)
        wanted = headers.header_hash(item.header)
        try:
            while True:
                for answer in open_answer(self._inbox.get(timeout=_ANSWER_S), self._oracle).items:
                    if answer.header_hash == wanted:
                        return answer
        except queue.Empty:
            raise CommandFailed("the oracle gave no answer to a lie") from None


@contextmanager
def _line_to_oracle(stage: Stage) -> Iterator[_Line]:
    inbox: queue.Queue[bytes] = queue.Queue(maxsize=16)
    ready = threading.Event()
    client = new_client(BrokerConfig(host="127.0.0.1", port=stage.broker.port), client_id="helioracle-demo-liar")
    client.on_message = lambda _c, _u, message: inbox.put_nowait(bytes(message.payload))
    client.on_subscribe = lambda *_: ready.set()
    client.connect("127.0.0.1", stage.broker.port)
    client.loop_start()
    client.subscribe(str(Topic(stage.sun.asset, _GATEWAY, DOWN)), qos=1)
    try:
        if not ready.wait(_ANSWER_S):
            raise CommandFailed("the broker does not answer")
        yield _Line(client, stage.sun.asset, inbox, PublicKey(stage.oracle_point))
    finally:
        client.disconnect()
        client.loop_stop()


def _by_oracle(stage: Stage, line: _Line, lie: str, item: BundleItem) -> Lie:
    answer = line.ask(item)
    if answer.verdict is not Verdict.REFUSED:
        raise CommandFailed(f"{lie}: the oracle answered {answer.verdict.name}")
    stored = stage.reader.refusals.of_header(answer.header_hash)
    if not stored:
        raise CommandFailed(f"{lie}: refused, but the reason was not stored")
    return Lie(lie, "oracle intake, in a signed answer", f"{stored[0].code}: {stored[0].detail}")


def _newest(stage: Stage) -> BatchRow:
    meter = stage.asset.meters[0].binding.meter_id
    batches = stage.reader.headers.batches_before(meter, stage.days.end + 1, limit=1)
    if not batches:
        raise CommandFailed("there is no batch to lie about")
    return batches[0]


def _readings(batch: BatchRow) -> list[Reading]:
    header = headers.decode(batch.header.header)
    return [decode(record, header.profile) for record in split_body(batch.body, header.profile, header.count)]


def _raised(stage: Stage) -> BundleItem:
    batch = _newest(stage)
    signed = headers.decode(batch.header.header)
    readings = _readings(batch)
    readings[-1] = replace(readings[-1], export_wh=(readings[-1].export_wh or 0) + _ONE_KWH)
    records = [reading.encode() for reading in readings]
    changed = replace(
        signed,
        batch_root=batch_root(batch.batch_key, records),
        export_end_wh=readings[-1].export_wh,
    )
    # The operator has no way to make a new signature, so the old one goes along.
    return BundleItem(changed.encode(), batch.header.signature, batch.batch_key, b"".join(records))


def _left_out(stage: Stage) -> BundleItem:
    batch = _newest(stage)
    last = headers.decode(batch.header.header)
    final = _readings(batch)[-1]
    left_out = 3
    at = final.time + (left_out + 1) * stage.sun.poll_interval_s
    reading = replace(final, time=at)
    key = b"\x5a" * tags.BATCH_KEY_SIZE
    signer = read_signer(
        stage.folder / "keys" / f"{stage.asset.meters[0].binding.serial}.key", field="key", profile="demo"
    )
    fields = summary((last.export_end_wh, last.import_end_wh), [reading])
    skipping = replace(
        last,
        kind=Kind.READINGS,
        seq0=last.next_seq + left_out,
        export_start_wh=last.export_end_wh,
        import_start_wh=last.import_end_wh,
        batch_root=batch_root(key, [reading.encode()]),
        prev=headers.header_hash(batch.header.header),
        monotonic_ms=last.monotonic_ms + 1,
        **fields,  # type: ignore[arg-type]  # a header's own fields, by name
    )
    encoded, signature = headers.sign_header(skipping, signer)
    return BundleItem(encoded, signature, key, reading.encode())


# ---------------------------------------------------------------- to the contract, in a transaction


def _rewritten_log(stage: Stage) -> Lie:
    chain, declarer = stage.chain, stage.accounts["declarer"]
    declarations = stage.on_chain.contracts.declarations
    _generation, size, _root = anchored_head(chain, declarations)
    leaves = [merkle.leaf_hash(entry) for entry in stage.reader.log.entry_hashes(0, limit=size)]
    # One old header is replaced by another of the same shape, and the log goes on from there by one entry.
    victim = size >> 1
    forged = bytes(tags.HEADER_SIZE + tags.SIGNATURE_SIZE)
    rewritten = [*leaves, leaves[-1]]
    rewritten[victim] = log_entry.entry_leaf(tags.ENTRY_HEADER, forged)
    call = anchor_call(
        chain,
        declarations,
        [declarer],
        log_size=size + 1,
        log_root=merkle.root(rewritten),
        proof=merkle.consistency_proof(rewritten, size),
    )
    chain.advance_to(stage.world.now())
    lie = f"entry {victim} of the log is rewritten, and the oracle's own key signs the new root"
    try:
        chain.transact(declarer, call, action="anchor a rewritten log")
    except ChainRefused as refusal:
        mined = _mined_anyway(chain, stage, call)
        return Lie(lie, f"contract RevenueDeclarations {declarations.address}", f"{refusal.reason}; {mined}")
    raise CommandFailed("the contract anchored a rewritten log")


def _mined_anyway(chain: Chain, stage: Stage, call: ContractFunction) -> str:
    """Send the same call without asking first: the chain itself must revert it."""
    declarer = stage.accounts["declarer"]

    def force(web3: Web3) -> tuple[str, int]:
        transaction = call.build_transaction(
            {
                "from": declarer.address,
                "gas": _GAS,
                "nonce": web3.eth.get_transaction_count(declarer.address),
                "gasPrice": web3.eth.gas_price,
                "chainId": web3.eth.chain_id,
            }
        )
        sent = web3.eth.send_raw_transaction(declarer.sign_transaction(transaction).raw_transaction)  # type: ignore[arg-type]  # TxParams is what it takes
        return Web3.to_hex(sent), int(web3.eth.wait_for_transaction_receipt(sent)["status"])

    tx_hash, status = chain.call(force)
    if status != 0:
        raise CommandFailed(f"the contract anchored a rewritten log in {tx_hash}")
    return f"transaction {tx_hash} was mined and reverted"
