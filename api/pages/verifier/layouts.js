// The fixed layouts that meter keys sign, decoded to the byte (spec/reading.md, header.md, binding.md, log-entry.md). 64-bit fields are
// BigInt, because a JavaScript number ends at 2^53. Every decoder refuses what evidence/*.py refuses, by the same code.

import { concat, expectEqual, malformed, same, sha256, toBytes } from "./bytes.js";
import { SIGNATURE_SIZE, importKey, meterIdOf, verifySignature } from "./keys.js";
import { leafHash } from "./merkle.js";

const ABSENT_U64 = 0xffffffffffffffffn;
export const U63_MAX = 0x7fffffffffffffffn; // every 64-bit value but 'absent' stays below 2^63
const HEADER_SIZE = 185;
const BINDING_SIZE = 274;
const BATCH_COUNT_MAX = 1024;

export const ENTRY_HEADER = 0x10;
export const ENTRY_BINDING = 0x11;
const ENTRY_TYPES = [0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18];
const ENTRY_SIZES = {
  [ENTRY_HEADER]: HEADER_SIZE + SIGNATURE_SIZE, [ENTRY_BINDING]: BINDING_SIZE + 2 * SIGNATURE_SIZE, 0x16: 57, 0x17: 53, 0x18: 53,
};

export const STATUS = Object.freeze({
  EXPORT_VALID: 1, IMPORT_VALID: 1 << 1, POWER_VALID: 1 << 2, TARIFFS_VALID: 1 << 3,
  CLOCK_UNKNOWN: 1 << 4, CLOCK_INFORMATIVE: 1 << 5, CLOCK_SYNCHRONISED: 1 << 6, SUSPECT: 1 << 7,
  NO_ANSWER: 1 << 8, DAMAGED: 1 << 9, FOREIGN: 1 << 10, REFUSED: 1 << 11,
  SENTINEL: 1 << 12, ZERO: 1 << 13, FELL: 1 << 14,
});
const KNOWN = 0x7fff;
const CLOCKS = 0x70;
const OUTCOMES = 0xf00;
const VALUES = 0x0f;
const SUSPICIONS = 0x7000;
const RECORD_SIZES = { 1: 32, 2: 96, 3: 64 };
const KINDS = { 1: "READINGS", 2: "EPOCH", 3: "GAP", 4: "RETIRE" };
const REASONS = { 1: [0], 2: [1, 2, 3, 4], 3: [1, 2], 4: [0] };
const DIRECTIONS = { 1: "FORWARD_IS_EXPORT", 2: "FORWARD_IS_IMPORT" };
const CUSTODIES = { 1: "METER", 2: "SEALED", 3: "FILE" };

function view(bytes) {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    u8: (at) => data.getUint8(at),
    u16: (at) => data.getUint16(at),
    u32: (at) => data.getUint32(at),
    i32: (at) => data.getInt32(at),
    u64: (at) => data.getBigUint64(at),
    take: (at, size) => bytes.slice(at, at + size),
    tag: (at) => String.fromCharCode(...bytes.slice(at, at + 4)),
  };
}

const bits = (word) => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14].filter((bit) => word & (1 << bit)).length;

/** The names of the bits of a status word, lowest first. */
export const statusNames = (word) => Object.keys(STATUS).filter((name) => word & STATUS[name]);

function parseStatus(word) {
  if ((word & ~KNOWN) >>> 0) throw malformed("status", `reserved bits are set in 0x${word.toString(16).padStart(8, "0")}`);
  if (bits(word & CLOCKS) !== 1) throw malformed("status", "exactly one clock bit is set in a status word");
  if (bits(word & OUTCOMES) > 1) throw malformed("status", "at most one outcome bit is set in a status word");
  if (word & OUTCOMES && word & (VALUES | STATUS.SUSPECT)) throw malformed("status", "no value is valid or suspect where there was no answer");
  if (word & SUSPICIONS && !(word & STATUS.SUSPECT)) throw malformed("status", "a reason to suspect is set, but SUSPECT is not");
  return word;
}

/** The one reading that these bytes are: {time, exportWh, importWh, powerW, status, tariffsWh, originalHash}; absent values are null. */
export function decodeReading(record, profile) {
  const bytes = toBytes(record);
  const size = RECORD_SIZES[profile];
  if (size === undefined) throw malformed("reading", `profile ${profile} is unknown`);
  if (bytes.length !== size) throw malformed("reading", `${bytes.length} bytes, ${size} expected in profile ${profile}`);
  const at = view(bytes);
  const status = parseStatus(at.u32(28));
  const optional = (value) => {
    if (value === ABSENT_U64) return null;
    if (value > U63_MAX) throw malformed("reading", `the register ${value} is not below 2^63`);
    return value;
  };
  const register = (value, name) => {
    if (Boolean(status & STATUS[name]) === (value === ABSENT_U64)) throw malformed("reading", `${name} and the register disagree`);
    return optional(value);
  };
  if (at.u64(0) > U63_MAX) throw malformed("reading", `time ${at.u64(0)} is not below 2^63`);
  let tariffsWh = [];
  let originalHash = null;
  if (profile === 2) {
    for (let i = 0; i < 8; i++) tariffsWh.push(at.u64(32 + 8 * i));
    tariffsWh = tariffsWh.map(optional);
    if (Boolean(status & STATUS.TARIFFS_VALID) === tariffsWh.every((value) => value === null)) {
      throw malformed("reading", "TARIFFS_VALID and the tariff registers disagree");
    }
  } else if (status & STATUS.TARIFFS_VALID) {
    throw malformed("reading", `TARIFFS_VALID is set in profile ${profile}, which has no tariff registers`);
  }
  if (profile === 3) {
    originalHash = at.take(32, 32);
    if (originalHash.every((byte) => byte === 0)) throw malformed("reading", "the hash of the original is all zeros");
  }
  const power = at.i32(24);
  if (!(status & STATUS.POWER_VALID) && power !== -1) throw malformed("reading", `power is absent, but its bytes hold ${power}`);
  return {
    time: at.u64(0),
    exportWh: register(at.u64(8), "EXPORT_VALID"),
    importWh: register(at.u64(16), "IMPORT_VALID"),
    powerW: status & STATUS.POWER_VALID ? power : null,
    status,
    tariffsWh,
    originalHash,
  };
}

/** The one header that these 185 bytes are, unverified: `verifySignature` is what checks who signed it. */
export function decodeHeader(encoded) {
  const bytes = toBytes(encoded);
  if (bytes.length !== HEADER_SIZE) throw malformed("header", `${bytes.length} bytes, ${HEADER_SIZE} expected`);
  const at = view(bytes);
  if (at.tag(0) !== "HOH1") throw malformed("header", "the tag is not HOH1");
  const kind = at.u8(4);
  const profile = at.u8(5);
  const reason = at.u8(6);
  const count = at.u16(39);
  const batchRoot = at.take(121, 32);
  if (!KINDS[kind]) throw malformed("header", `kind ${kind} is unknown`);
  if (!RECORD_SIZES[profile]) throw malformed("header", `profile ${profile} is unknown`);
  if (!REASONS[kind].includes(reason)) throw malformed("header", `reason ${reason} does not go with kind ${KINDS[kind]}`);
  if (kind === 1) {
    if (count < 1 || count > BATCH_COUNT_MAX) throw malformed("header", `${count} readings, 1..${BATCH_COUNT_MAX} expected`);
  } else {
    if (count) throw malformed("header", `kind ${KINDS[kind]} carries ${count} readings, none expected`);
    if (batchRoot.some((byte) => byte)) throw malformed("header", `kind ${KINDS[kind]} has no readings, but a batch root`);
  }
  const t0 = at.u64(41);
  const t1 = at.u64(49);
  for (const [name, value] of [["seq0 + count", at.u64(31) + BigInt(count)], ["t1", t1], ["monotonic_ms", at.u64(113)]]) {
    if (value > U63_MAX) throw malformed("header", `${name} is ${value}, below 2^63 expected`);
  }
  if (t0 > t1) throw malformed("header", `t0 ${t0} is after t1 ${t1}`);
  const statusOr = at.u32(57);
  const statusClose = parseStatus(at.u32(61));
  if ((statusOr & ~KNOWN) >>> 0) throw malformed("header", "reserved bits are set in the OR of the status words");
  if (statusClose & ~statusOr) throw malformed("header", "the closing status is not contained in the OR");
  if ((statusOr ^ statusClose) & CLOCKS) throw malformed("header", "more than one clock state in the OR; a change of clock state ends a batch");
  if (kind !== 1 && (statusOr !== statusClose || statusClose & ~CLOCKS)) {
    throw malformed("header", `kind ${KINDS[kind]} has no readings: its status words hold one clock bit and no other`);
  }
  const register = (offset) => {
    const value = at.u64(offset);
    if (value === ABSENT_U64) return null;
    if (value > U63_MAX) throw malformed("header", `the register ${value} is neither below 2^63 nor absent`);
    return value;
  };
  const header = {
    kind: KINDS[kind], profile, reason,
    meterId: at.take(7, 20), epoch: at.u32(27), seq0: at.u64(31), count, t0, t1, statusOr, statusClose,
    exportStartWh: register(65), importStartWh: register(73), exportEndWh: register(81), importEndWh: register(89),
    bootId: at.take(97, 16), monotonicMs: at.u64(113), batchRoot, prev: at.take(153, 32),
  };
  for (const name of ["export", "import"]) {
    const read = Boolean(statusOr & STATUS[`${name.toUpperCase()}_VALID`]);
    const [start, end] = [header[`${name}StartWh`], header[`${name}EndWh`]];
    if (read && end === null) throw malformed("header", `the status says that the ${name} register was read, but it ends absent`);
    if (!read && end !== start) throw malformed("header", `the status says that no ${name} register was read, but it went from ${start} to ${end}`);
  }
  return header;
}

/** The one binding that these 274 bytes are, unverified: `openBinding` checks its signatures. */
export function decodeBinding(encoded) {
  const bytes = toBytes(encoded);
  if (bytes.length !== BINDING_SIZE) throw malformed("binding", `${bytes.length} bytes, ${BINDING_SIZE} expected`);
  const at = view(bytes);
  if (at.tag(0) !== "HOB1") throw malformed("binding", "the tag is not HOB1");
  const text = (offset, name) => {
    const field = at.take(offset, 32);
    let end = field.length;
    while (end && field[end - 1] === 0) end--;
    const used = field.slice(0, end);
    if (!end || used.some((byte) => byte <= 0x20 || byte >= 0x7f)) throw malformed("binding", `the ${name} is empty or holds bytes that are no printable ASCII`);
    return String.fromCharCode(...used);
  };
  const binding = {
    chainId: at.u64(4), asset: "", point: "", serial: "", publicPoint: at.take(108, 64),
    direction: DIRECTIONS[at.u8(172)], custody: CUSTODIES[at.u8(173)],
    multiplierNum: at.u32(174), multiplierDen: at.u32(178), stepWh: at.u32(182), modulusNum: at.u64(186), modulusDen: at.u32(194),
    nameplateW: at.u32(198), validFrom: at.u64(202), installerPoint: at.take(210, 64),
  };
  for (const name of ["multiplierNum", "multiplierDen", "stepWh", "modulusNum", "modulusDen", "nameplateW"]) {
    if (!binding[name]) throw malformed("binding", `${name} is 0`);
  }
  for (const name of ["chainId", "modulusNum", "validFrom"]) {
    if (binding[name] > U63_MAX) throw malformed("binding", `${name} is ${binding[name]}, below 2^63 expected`);
  }
  if (!binding.direction) throw malformed("binding", `direction ${at.u8(172)} is unknown`);
  if (!binding.custody) throw malformed("binding", `custody ${at.u8(173)} is unknown`);
  const identifier = (offset, name) => {
    const found = text(offset, name);
    if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(found)) throw malformed("binding", `the ${name} '${found}' is not 1..32 of a-z 0-9 and '-', the first no '-'`);
    return found;
  };
  binding.asset = identifier(12, "asset");
  binding.point = identifier(44, "point");
  binding.serial = text(76, "serial");
  return binding;
}

/** Checks the signature and returns the header it covers. */
export async function openHeader(encoded, signature, publicPoint) {
  await importKey(toBytes(publicPoint));
  const header = decodeHeader(encoded);
  expectEqual("meter id", header.meterId, await meterIdOf(publicPoint));
  await verifySignature(publicPoint, encoded, signature, "header");
  return header;
}

/** Checks both signatures of a 402-byte binding record, and the installer where one is trusted; returns {binding, hash}. */
export async function openBinding(record, installerPoint = null) {
  const bytes = toBytes(record);
  if (bytes.length !== BINDING_SIZE + 2 * SIGNATURE_SIZE) {
    throw malformed("binding record", `${bytes.length} bytes, ${BINDING_SIZE + 2 * SIGNATURE_SIZE} expected`);
  }
  const encoded = bytes.slice(0, BINDING_SIZE);
  const binding = decodeBinding(encoded);
  if (installerPoint && !same(binding.installerPoint, toBytes(installerPoint))) {
    throw malformed("binding", `meter ${binding.serial} names an installer who is not the trusted one`);
  }
  await verifySignature(binding.publicPoint, encoded, bytes.slice(BINDING_SIZE, BINDING_SIZE + SIGNATURE_SIZE), "binding, the meter's signature");
  await verifySignature(binding.installerPoint, encoded, bytes.slice(BINDING_SIZE + SIGNATURE_SIZE), "binding, the installer's signature");
  return { binding, hash: await sha256(encoded) };
}

/** The RFC 9162 leaf hash of a log entry: SHA-256(0x00 | SHA-256(type | content)). */
export async function entryLeaf(type, content) {
  const bytes = toBytes(content);
  if (!ENTRY_TYPES.includes(type)) throw malformed("log entry", `type ${type} is unknown`);
  const size = ENTRY_SIZES[type];
  if (size !== undefined && bytes.length !== size) throw malformed("log entry", `${bytes.length} bytes of type ${type}, ${size} expected`);
  return leafHash(await sha256(concat(Uint8Array.of(type), bytes)));
}

/** The record with `deltaWh` added to its export register (or import, where export is absent): what a liar would send. */
export function alteredRecord(record, deltaWh = 1000n) {
  const bytes = toBytes(record).slice();
  const data = new DataView(bytes.buffer);
  const at = data.getUint32(28) & STATUS.EXPORT_VALID ? 8 : 16;
  data.setBigUint64(at, BigInt.asUintN(64, data.getBigUint64(at) + deltaWh));
  return bytes;
}
