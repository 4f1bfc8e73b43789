// The vectors through the verifier that the investor's page runs (api/pages/verifier/verify.js): the same verdicts, by the same codes.
// usage: node page_vectors.mjs VERIFY_JS FOLDER -> {file: {count, wrong}} on standard output.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const page = await import(pathToFileURL(process.argv[2]).href);

const equal = (what, got, expected) => {
  if (got !== expected) throw new Error(`${what} is ${got}, ${expected} expected`);
};
const text = (value) => (value === null ? null : value.toString());
const CHECKS = {
  "merkle.json": {
    root: async (c) => equal("root", page.toHex(await page.treeRoot(await Promise.all(c.leaves.map((l) => page.leafHash(l))))), c.root),
    inclusion: (c) => page.verifyInclusion(c.leaf_hash, c.index, c.size, c.proof, c.root),
    consistency: (c) => page.verifyConsistency(c.size1, c.root1, c.size2, c.root2, c.proof),
  },
  "reading.json": {
    cases: (c) => {
      const reading = page.decodeReading(c.record, c.profile);
      equal("time", text(reading.time), c.fields.time);
      equal("export", text(reading.exportWh), c.fields.export_wh);
      equal("import", text(reading.importWh), c.fields.import_wh);
      equal("power", reading.powerW, c.fields.power_w);
      equal("status", reading.status, c.fields.status);
    },
  },
  "header.json": {
    cases: async (c) => {
      const header = await page.openHeader(c.header, c.signature, c.public_point);
      equal("seq0", text(header.seq0), c.fields.seq0);
      equal("export at end", text(header.exportEndWh), c.fields.export_end_wh);
      equal("prev", page.toHex(header.prev), c.fields.prev);
    },
  },
  "binding.json": {
    cases: async (c) => {
      const { binding, hash } = await page.openBinding(c.record, c.installer_point);
      equal("hash", page.toHex(hash), c.hash);
      equal("serial", binding.serial, c.fields.serial);
    },
  },
  "log_entry.json": { cases: async (c) => equal("leaf hash", page.toHex(await page.entryLeaf(c.type, c.content)), c.leaf_hash) },
  "checkpoint.json": {
    cases: async (c) => {
      const opened = await page.openCheckpoint(c.note, c.public_point, c.origin);
      equal("size", text(opened.size), c.size);
      equal("root", page.toHex(opened.root), c.root);
    },
  },
};

const report = {};
for (const [file, lists] of Object.entries(CHECKS)) {
  const document = JSON.parse(readFileSync(join(process.argv[3], file), "ascii"));
  report[file] = { count: 0, wrong: [] };
  for (const [list, check] of Object.entries(lists)) {
    for (const c of document[list]) {
      report[file].count += 1;
      let verdict = undefined;
      try {
        await check(c);
      } catch (error) {
        verdict = error instanceof page.EvidenceError ? error.code : `no refusal: ${error.stack}`;
      }
      if (verdict !== c.code) report[file].wrong.push(`${c.name}: ${verdict ?? "accepted"}, ${c.code ?? "acceptance"} expected`);
    }
  }
}
console.log(JSON.stringify(report));
