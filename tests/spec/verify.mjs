// A verifier of its own for the vectors of spec/: WebCrypto and nothing else, written from the pages and not from evidence/ or api/pages/.
// usage: node verify.mjs FOLDER  -> one JSON object {file: {count, wrong: [..]}} on standard output.
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { canonicalBytes, parseExactly } from "./canonical.mjs";
import { decodeHeader, logEntry, openBatch, openBinding, openCheckpoint, openHeader, openReading } from "./documents.mjs";
import { checkFirst, checkFollows, decodeBundle, decodeRequest, openAnswer, openHead } from "./frames.mjs";
import { hex, leafHash, openConsistency, openInclusion, point, openSignature, raw, Refused, sha256, treeRoot } from "./ground.mjs";
import { logTime, openBlock, openBranches, openClose, openStanding, placeClose, standings } from "./marks.mjs";
import { openSumInclusion, sumTree } from "./sums.mjs";

// ---- one check a file: throws Refused, or compares what was opened with what the case expects
const equal = (name, got, expected) => {
  if (JSON.stringify(got) !== JSON.stringify(expected)) throw new Error(`${name} is ${JSON.stringify(got)}`);
};
// An integer's text is lost in a double: only canonical.json needs it.
const load = (file) => {
  const text = readFileSync(join(process.argv[2], file), "ascii");
  return file === "canonical.json" ? parseExactly(text) : JSON.parse(text);
};
// The forks' two signatures are this key's; chain.json gives headers, not keys.
const FORKED_POINT = raw(load("header.json").cases[0].public_point);
const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
const CHECKS = {
  "merkle.json": {
    root: async (c) => equal("root", hex(await treeRoot(await Promise.all(c.leaves.map((l) => leafHash(raw(l)))))), c.root),
    inclusion: (c) => openInclusion(raw(c.leaf_hash), BigInt(c.index), BigInt(c.size), c.proof.map(raw), raw(c.root)),
    consistency: (c) => openConsistency(BigInt(c.size1), raw(c.root1), BigInt(c.size2), raw(c.root2), c.proof.map(raw)),
  },
  "reading.json": { cases: async (c) => equal("fields", openReading(raw(c.record), c.profile).fields, c.fields) },
  "header.json": {
    cases: async (c) => {
      const opened = await openHeader(raw(c.header), raw(c.signature), raw(c.public_point));
      equal("fields", sorted(opened.fields), sorted(c.fields));
      equal("hash", hex(await sha256(raw(c.header))), c.hash);
    },
  },
  "batch.json": {
    cases: async (c) => {
      const opened = await openBatch(c);
      equal("batch root", hex(opened.root), c.batch_root);
      equal("leaf hashes", opened.leaves.map(hex), c.leaf_hashes);
      equal("readings", opened.readings.map((one) => one.fields), c.readings);
    },
  },
  "binding.json": {
    cases: async (c) => {
      const opened = await openBinding(raw(c.record), raw(c.installer_point));
      equal("fields", sorted(opened.fields), sorted(c.fields));
      equal("hash and meter id", [hex(opened.hash), hex(opened.meterId)], [c.hash, c.meter_id]);
    },
  },
  "log_entry.json": {
    cases: async (c) => {
      const { entry, leaf } = await logEntry(c.type, raw(c.content));
      equal("entry and leaf hash", [hex(entry), hex(leaf)], [c.entry, c.leaf_hash]);
    },
  },
  "block.json": {
    cases: (c) => equal("fields", openBlock(raw(c.content)).fields, c.fields),
    logs: (c) => equal("now", logTime(c.entries.map(raw)), c.now),
  },
  "standing.json": {
    cases: (c) => equal("fields", openStanding(raw(c.content)).fields, c.fields),
    logs: (c) => standings(c.entries.map(raw)),
  },
  "close.json": {
    cases: (c) => equal("fields", openClose(raw(c.content)).fields, c.fields),
    places: (c) => placeClose(raw(c.content), BigInt(c.now), BigInt(c.period_end), BigInt(c.missing_delay_s)),
    trees: (c) => openBranches(c.branches.map(raw), c.count, raw(c.root)),
  },
  "checkpoint.json": {
    cases: async (c) => {
      const opened = await openCheckpoint(c.note, raw(c.public_point), c.origin);
      equal("checkpoint", [opened.size, hex(opened.root), hex(opened.keyId)], [c.size, c.root, c.key_id]);
    },
  },
  "chain.json": {
    cases: async (c) => {
      const header = decodeHeader(raw(c.header));
      if ("binding_hash" in c) return checkFirst(raw(c.binding_hash), header);
      return checkFollows(decodeHeader(raw(c.previous)), await sha256(raw(c.previous)), header);
    },
    // A fork passes link by link: both headers are signed by one key, both follow one header, and yet they are two.
    forks: async (c) => {
      const previous = decodeHeader(raw(c.previous)), before = await sha256(raw(c.previous));
      const key = await point(FORKED_POINT), hashes = [];
      for (const [i, encoded] of c.headers.entries()) {
        checkFollows(previous, before, decodeHeader(raw(encoded)));
        await openSignature(key, raw(c.signatures[i]), raw(encoded));
        hashes.push(hex(await sha256(raw(encoded))));
      }
      equal("hashes", hashes, c.hashes);
      equal("different headers", new Set(hashes).size, 2);
    },
  },
  "bundle.json": { cases: (c) => equal("items", decodeBundle(raw(c.bundle)), c.items) },
  "answer.json": {
    cases: async (c) => {
      const opened = await openAnswer(raw(c.answer), raw(c.public_point));
      equal("answer", opened, { oracle_id: c.oracle_id, time: c.time, items: c.items });
    },
  },
  "head.json": {
    cases: async (c) => equal("head", await openHead(raw(c.head), raw(c.public_point), raw(c.nonce)), c.fields),
    requests: (c) => equal("request", decodeRequest(raw(c.request)), { nonce: c.nonce, meters: c.meters }),
  },
  "sum_tree.json": {
    cases: async (c) => {
      equal("total", await openSumInclusion(c.leaf, c.index, c.size, c.proof, raw(c.root)), c.total);
    },
    trees: (c) => sumTree(c.leaves),
  },
  "canonical.json": {
    cases: async (c) => {
      const bytes = canonicalBytes(c.document);
      equal("bytes", hex(bytes), c.bytes);
      equal("hash", hex(await sha256(bytes)), c.hash);
    },
  },
};

const judge = async (check, c) => {
  try {
    await check(c);
  } catch (error) {
    if (!(error instanceof Refused)) return `${c.name}: ${error.stack}`;
    const named = !["header-disagrees", "entry-disagrees"].includes(c.code) || c.field === undefined || error.message === c.field;
    return error.code === c.code && named ? null : `${c.name}: refused as ${error.code} (${error.message}), ${c.code ?? "acceptance"} expected`;
  }
  return c.ok === false ? `${c.name}: accepted, ${c.code} expected` : null;
};

const report = {};
for (const [file, lists] of Object.entries(CHECKS)) {
  const document = load(file);
  report[file] = { count: 0, wrong: [] };
  for (const [list, check] of Object.entries(lists)) {
    for (const c of document[list]) {
      report[file].count += 1;
      const wrong = await judge(check, c);
      if (wrong !== null) report[file].wrong.push(wrong);
    }
  }
}
console.log(JSON.stringify(report));
