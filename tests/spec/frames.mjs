// What travels and who follows whom: bundles, answers, heads, head requests (spec/bundle.md, answer.md, head.md) and chains of headers.
import { ABSENT, ascii, demand, hex, meterId, openSignature, point, Reader, same, U63_MAX, well } from "./ground.mjs";

const ITEMS_MAX = 64, BUNDLE_MAX = 65536;
const tagged = (r, tag) => well(ascii(r.take(4)) === tag, "tag");
const register = (value) => {
  well(value <= U63_MAX || value === ABSENT, "register range");
  return value === ABSENT ? null : value.toString();
};

// ---- bundles
export const decodeBundle = (bytes) => {
  well(bytes.length >= 6 && bytes.length <= BUNDLE_MAX, "length");
  const r = new Reader(bytes);
  tagged(r, "HOU1");
  const count = r.int(2), items = [];
  well(count >= 1 && count <= ITEMS_MAX, "count");
  const part = (reader, size) => {
    well(reader.at + size <= reader.bytes.length, "a length beyond the end");
    return reader.take(size);
  };
  const sized = (reader, width) => part(reader, new Reader(part(reader, width)).int(width));
  for (let i = 0; i < count; i++) {
    const item = new Reader(sized(r, 4));
    const one = { header: part(item, 185), signature: part(item, 64), batch_key: part(item, 32), body: sized(item, 4), evidence: sized(item, 2) };
    well(item.at === item.bytes.length, "an item longer than its parts");
    items.push(Object.fromEntries(Object.entries(one).map(([name, value]) => [name, hex(value)])));
  }
  well(r.at === bytes.length, "bytes left over");
  return items;
};

// ---- answers and heads
const CODES_OF = { 1: [0, 1], 2: [0, 1], 3: [30, 31], 4: [10, 11, 12, 13, 14, 15, 16, 17, 18] };
export const openAnswer = async (bytes, oraclePoint) => {
  well(bytes.length >= 34 + 64, "length");
  const r = new Reader(bytes);
  tagged(r, "HOA1");
  const oracleId = r.take(20), time = r.big(), count = r.int(2);
  well(count >= 1 && count <= ITEMS_MAX && bytes.length === 34 + 35 * count + 64, "count");
  await openSignature(await point(oraclePoint), bytes.subarray(-64), bytes.subarray(0, -64));
  well(same(oracleId, await meterId(oraclePoint)), "another oracle");
  well(time <= U63_MAX, "time");
  const items = [];
  for (let i = 0; i < count; i++) {
    const item = { header_hash: hex(r.take(32)), verdict: r.int(1), code: r.int(2) };
    well(CODES_OF[item.verdict]?.includes(item.code), "code");
    items.push(item);
  }
  return { oracle_id: hex(oracleId), time: time.toString(), items };
};
export const openHead = async (bytes, oraclePoint, asked) => {
  well(bytes.length === 129 + 64, "length");
  const r = new Reader(bytes);
  tagged(r, "HOS1");
  const oracleId = r.take(20), nonce = r.take(16), time = r.big(), meter = r.take(20), known = r.int(1);
  const rest = bytes.subarray(r.at, 129), epoch = r.int(4), nextSeq = r.big(), headerHash = r.take(32);
  const exported = register(r.big()), imported = register(r.big());
  well(known <= 1 && time <= U63_MAX && nextSeq <= U63_MAX, "range");
  well(known === 1 || (rest.subarray(0, -16).every((b) => b === 0) && exported === null && imported === null), "unknown, but says something");
  await openSignature(await point(oraclePoint), bytes.subarray(129), bytes.subarray(0, 129));
  well(same(oracleId, await meterId(oraclePoint)), "another oracle");
  well(same(nonce, asked), "another request");
  return {
    oracle_id: hex(oracleId), nonce: hex(nonce), time: time.toString(), meter_id: hex(meter), known: known === 1, epoch,
    next_seq: nextSeq.toString(), header_hash: hex(headerHash), export_end_wh: exported, import_end_wh: imported,
  };
};
export const decodeRequest = (bytes) => {
  well(bytes.length >= 22, "length");
  const r = new Reader(bytes);
  tagged(r, "HOQ1");
  const nonce = hex(r.take(16)), count = r.int(2);
  well(count >= 1 && count <= ITEMS_MAX && bytes.length === 22 + 20 * count, "count");
  return { nonce, meters: Array.from({ length: count }, () => hex(r.take(20))) };
};

// ---- chains: who may open a meter's history, and who may follow whom (header.md, rules 8 to 11)
const EPOCH = 2, RETIRE = 4, COMMISSIONED = 1, METER_EXCHANGED = 4;
const off = (holds, field) => demand(holds, "header-disagrees", field);
export const checkFirst = (bindingHash, header) => {
  off(same(header.prev, bindingHash), "prev");
  off(header.kind === EPOCH, "kind");
  off(header.epoch === 0, "epoch");
  off(header.seq0 === 0n, "seq0");
};
export const checkFollows = (previous, previousHash, header) => {
  off(previous.kind !== RETIRE && same(header.prev, previousHash), "prev");
  const opens = header.kind === EPOCH;
  off(!opens || header.reason !== COMMISSIONED, "reason");
  off(header.epoch === previous.epoch + (opens ? 1 : 0), "epoch");
  off(header.seq0 === (opens ? 0n : previous.seq0 + BigInt(previous.count)), "seq0");
  if (opens && header.reason === METER_EXCHANGED) return;
  off(header.export_start_wh === previous.export_end_wh, "export_start_wh");
  off(header.import_start_wh === previous.import_end_wh, "import_start_wh");
};
