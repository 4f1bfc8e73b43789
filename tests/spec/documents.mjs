// Readings, headers, batches, bindings, log entries and checkpoints, opened as the pages of spec/ say.
import {
  ORDER, subtle, ABSENT, U63_MAX, demand, well, raw, hex, join_, sha256, same, big, ascii, Reader, point, verify, openSignature, meterId, leafHash, treeRoot,
} from "./ground.mjs";

const KNOWN = 0x7fff, CLOCKS = 0x70, OUTCOMES = 0xf00, VALUES = 0x0f, SUSPECT = 0x80, REASONS = 0x7000;
const RECORD_SIZES = { 1: 32, 2: 96, 3: 64 };

const bitCount = (word) => { let n = 0; for (let w = word >>> 0; w; w &= w - 1) n++; return n; };
const status = (word) => {
  well((word & ~KNOWN) === 0, "reserved bits");
  well(bitCount(word & CLOCKS) === 1, "clock");
  well(bitCount(word & OUTCOMES) <= 1, "outcomes");
  well(!(word & OUTCOMES) || !(word & (VALUES | SUSPECT)), "value where there was no answer");
  well(!(word & REASONS) || (word & SUSPECT), "reason without SUSPECT");
};
const register = (value) => {
  well(value <= U63_MAX || value === ABSENT, "register range");
  return value === ABSENT ? null : value;
};
const text = (value) => (value === null ? null : value.toString());
export const openReading = (record, profile) => {
  well(RECORD_SIZES[profile] === record.length, "length");
  const r = new Reader(record);
  const time = r.big(), exported = register(r.big()), imported = register(r.big());
  const power = r.int(4) | 0, word = r.int(4);
  well(time <= U63_MAX, "time");
  status(word);
  well(!!(word & 1) === (exported !== null), "export");
  well(!!(word & 2) === (imported !== null), "import");
  well(word & 4 || power === -1, "power");
  const tariffs = [];
  if (profile === 2) for (let i = 0; i < 8; i++) tariffs.push(register(r.big()));
  well(!!(word & 8) === tariffs.some((t) => t !== null), "tariffs");
  const original = profile === 3 ? r.take(32) : new Uint8Array();
  well(profile !== 3 || original.some((b) => b), "original");
  return {
    time, exported, imported, word,
    fields: {
      time: text(time), export_wh: text(exported), import_wh: text(imported), power_w: word & 4 ? power : null,
      status: word, tariffs_wh: tariffs.map(text), original_hash: hex(original),
    },
  };
};
const REASONS_OF = { 1: [0], 2: [1, 2, 3, 4], 3: [1, 2], 4: [0] };
export const decodeHeader = (encoded) => {
  well(encoded.length === 185, "length");
  const r = new Reader(encoded);
  well(ascii(r.take(4)) === "HOH1", "tag");
  const h = { kind: r.int(1), profile: r.int(1), reason: r.int(1), meter_id: r.take(20), epoch: r.int(4), seq0: r.big() };
  Object.assign(h, { count: r.int(2), t0: r.big(), t1: r.big(), status_or: r.int(4), status_close: r.int(4) });
  for (const name of ["export_start", "import_start", "export_end", "import_end"]) h[`${name}_wh`] = register(r.big());
  Object.assign(h, { boot_id: r.take(16), monotonic_ms: r.big(), batch_root: r.take(32), prev: r.take(32) });
  well(REASONS_OF[h.kind]?.includes(h.reason), "kind or reason");
  well(h.profile in RECORD_SIZES, "profile");
  if (h.kind === 1) well(h.count >= 1 && h.count <= 1024, "count");
  else well(h.count === 0 && h.batch_root.every((b) => b === 0), "count or root without readings");
  well(h.seq0 + BigInt(h.count) <= U63_MAX && h.t1 <= U63_MAX && h.monotonic_ms <= U63_MAX, "range");
  well(h.t0 <= h.t1, "times");
  status(h.status_close);
  well((h.status_or & ~KNOWN) === 0 && (h.status_close & ~h.status_or) === 0, "status");
  well((h.status_or & CLOCKS) === (h.status_close & CLOCKS), "two clock states");
  well(h.kind === 1 || (h.status_or === h.status_close && (h.status_close & ~CLOCKS) === 0), "status without readings");
  for (const [name, bit] of [["export", 1], ["import", 2]]) {
    const start = h[`${name}_start_wh`], end = h[`${name}_end_wh`];
    well(h.status_or & bit ? end !== null : end === start, `${name} register`);
  }
  return h;
};
export const openHeader = async (encoded, signature, publicPoint) => {
  const key = await point(publicPoint);
  const h = decodeHeader(encoded);
  demand(same(h.meter_id, await meterId(publicPoint)), "header-disagrees", "meter id");
  await openSignature(key, signature, encoded);
  const fields = {};
  for (const [name, value] of Object.entries(h)) {
    fields[name] = typeof value === "bigint" ? value.toString() : value instanceof Uint8Array ? hex(value) : value;
  }
  return { ...h, fields };
};
const batchLeaves = async (batchKey, records) => {
  const key = await subtle.importKey("raw", batchKey, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return Promise.all(records.map(async (record, i) => {
    const index = new Uint8Array(4);
    new DataView(index.buffer).setUint32(0, i);
    const salt = new Uint8Array(await subtle.sign("HMAC", key, index)).subarray(0, 16);
    return leafHash(join_(salt, record));
  }));
};
export const openBatch = async (c) => {
  const h = await openHeader(raw(c.header), raw(c.signature), raw(c.public_point));
  const body = raw(c.body), batchKey = raw(c.batch_key), size = RECORD_SIZES[h.profile];
  well(h.kind === 1, "kind has no body");
  well(body.length === size * h.count, "body length");
  well(batchKey.length === 32, "batch key");
  const records = Array.from({ length: h.count }, (_, i) => body.subarray(i * size, (i + 1) * size));
  const leaves = await batchLeaves(batchKey, records);
  demand(same(await treeRoot(leaves), h.batch_root), "root-mismatch", "batch root");
  const readings = records.map((record) => openReading(record, h.profile));
  const off = (field, stated, computed) => demand(stated === computed, "header-disagrees", field);
  let word = 0, exported = h.export_start_wh, imported = h.import_start_wh, before = readings[0].time;
  for (const one of readings) {
    demand(one.time >= before, "header-disagrees", "order of times");
    before = one.time;
    word |= one.word;
    exported = one.exported ?? exported;
    imported = one.imported ?? imported;
  }
  off("t0", h.t0, readings[0].time);
  off("t1", h.t1, before);
  off("status_or", h.status_or, word);
  off("status_close", h.status_close, readings.at(-1).word);
  off("export_end_wh", h.export_end_wh, exported);
  off("import_end_wh", h.import_end_wh, imported);
  return { root: h.batch_root, leaves, readings };
};

// ---- bindings, log entries, checkpoints
export const openBinding = async (record, trusted) => {
  well(record.length === 402, "length");
  const encoded = record.subarray(0, 274), r = new Reader(encoded);
  well(ascii(r.take(4)) === "HOB1", "tag");
  const b = { chain_id: r.big() };
  for (const name of ["asset", "point", "serial"]) {
    b[name] = ascii(r.take(32)).replace(/\0+$/, "");
    well((name === "serial" ? /^[!-~]{1,32}$/ : /^[a-z0-9][a-z0-9-]{0,31}$/).test(b[name]), name);
  }
  Object.assign(b, { public_point: r.take(64), direction: r.int(1), custody: r.int(1), multiplier_num: r.int(4) });
  Object.assign(b, { multiplier_den: r.int(4), step_wh: r.int(4), modulus_num: r.big(), modulus_den: r.int(4) });
  Object.assign(b, { nameplate_w: r.int(4), valid_from: r.big(), installer_point: r.take(64) });
  well([1, 2].includes(b.direction) && [1, 2, 3].includes(b.custody), "direction or custody");
  for (const name of ["multiplier_num", "multiplier_den", "step_wh", "modulus_num", "modulus_den", "nameplate_w"]) {
    well(BigInt(b[name]) !== 0n, name);
  }
  well([b.chain_id, b.modulus_num, b.valid_from].every((n) => n <= U63_MAX), "range");
  well(same(b.installer_point, trusted), "installer");
  await openSignature(await point(b.public_point), record.subarray(274, 338), encoded);
  await openSignature(await point(trusted), record.subarray(338), encoded);
  const fields = {};
  for (const [name, value] of Object.entries(b)) {
    fields[name] = typeof value === "bigint" ? value.toString() : value instanceof Uint8Array ? hex(value) : value;
  }
  return { fields, meterId: await meterId(b.public_point), hash: await sha256(encoded) };
};
export const logEntry = async (type, content) => {
  well(type >= 0x10 && type <= 0x18, "type");
  const size = { 0x10: 249, 0x11: 402, 0x16: 57, 0x17: 53, 0x18: 53 }[type];
  well(size === undefined || content.length === size, "content length");
  const entry = await sha256(Uint8Array.of(type), content);
  return { entry, leaf: await leafHash(entry) };
};
const base64 = (string) => {
  well(/^[A-Za-z0-9+/]*={0,2}$/.test(string) && string.length % 4 === 0, "base64");
  return Uint8Array.from(atob(string), (c) => c.charCodeAt(0));
};
const fromDer = (der) => {
  const bad = (condition) => demand(condition, "bad-signature", "ASN.1");
  bad(der.length >= 2 && der[0] === 0x30 && der[1] === der.length - 2 && der[1] < 0x80);
  const r = new Reader(der);
  r.take(2);
  const numbers = [0, 1].map(() => {
    bad(r.at + 2 <= der.length && der[r.at] === 0x02);
    const length = der[r.at + 1];
    r.take(2);
    bad(length >= 1 && r.at + length <= der.length);
    const body = r.take(length);
    bad(body[0] < 0x80 && (length === 1 || body[0] !== 0 || body[1] >= 0x80));
    const number = big(body);
    bad(number > 0n && number < ORDER);
    return raw("0x" + number.toString(16).padStart(64, "0"));
  });
  bad(r.at === der.length);
  return join_(...numbers);
};
export const openCheckpoint = async (note, publicPoint, origin) => {
  const key = await point(publicPoint);
  well(note.length <= 16384, "length");
  const at = note.lastIndexOf("\n\n");
  well(at >= 0 && note.endsWith("\n") && note.length > at + 2, "blank line");
  const signed = note.slice(0, at + 1);
  const keyId = (await sha256(new Uint8Array(await subtle.exportKey("spki", key)))).subarray(0, 4);
  let opened = false;
  for (const line of note.slice(at + 2, -1).split("\n")) {
    const match = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line);
    well(match, "signature line");
    const blob = base64(match[2]);
    if (match[1] !== origin || !same(blob.subarray(0, 4), keyId)) continue;
    demand(await verify(key, fromDer(blob.subarray(4)), new TextEncoder().encode(signed)), "bad-signature", "does not verify");
    opened = true;
  }
  demand(opened, "bad-signature", "no known key");
  const lines = signed.split("\n");
  well(lines.length === 4, "three lines");
  well(lines[0] === origin, "origin");
  well(/^(0|[1-9][0-9]{0,18})$/.test(lines[1]) && BigInt(lines[1]) <= U63_MAX, "size");
  const root = base64(lines[2]);
  well(root.length === 32 && btoa(String.fromCharCode(...root)) === lines[2], "root");
  return { size: lines[1], root, keyId };
};
