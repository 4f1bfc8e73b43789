// Checks one reading's proof with WebCrypto, from its bytes up to the root on chain. Pure: no DOM, the same in a browser and in Node.
//
// A check returns what it opened or throws an EvidenceError; nothing returns false. Byte arguments are Uint8Array or hex text, with or
// without 0x. What the parts are made of lives beside this file and is exported from here too.

import { EvidenceError, concat, disagrees, expectEqual, malformed, sha256, subtle, toBytes, toHex } from "./bytes.js";
import { openCheckpoint } from "./checkpoint.js";
import { meterIdOf, verifySignature } from "./keys.js";
import { ENTRY_BINDING, ENTRY_HEADER, decodeHeader, decodeReading, entryLeaf, openBinding } from "./layouts.js";
import { leafHash, verifyInclusion } from "./merkle.js";

export { EvidenceError, concat, sha256, toBytes, toHex } from "./bytes.js";
export { openCheckpoint } from "./checkpoint.js";
export { meterIdOf, verifySignature } from "./keys.js";
export {
  ENTRY_BINDING, ENTRY_HEADER, STATUS, alteredRecord, decodeBinding, decodeHeader, decodeReading, entryLeaf, openBinding, openHeader, statusNames,
} from "./layouts.js";
export { leafHash, nodeHash, rootFromInclusion, treeRoot, verifyConsistency, verifyInclusion } from "./merkle.js";

const STEPS = [
  ["leaf", "This reading is one leaf of its batch", async (proof, state) => {
    const header = decodeHeader(proof.header.bytes);
    if (header.kind !== "READINGS") throw malformed("header", `kind ${header.kind} carries no readings`);
    const record = toBytes(proof.reading.record);
    const salt = toBytes(proof.reading.salt);
    if (salt.length !== 16) throw malformed("salt", `${salt.length} bytes, 16 expected`);
    const leaf = await leafHash(concat(salt, record));
    const root = await verifyInclusion(leaf, proof.position, header.count, proof.reading.path, header.batchRoot, "batch");
    const reading = decodeReading(record, header.profile);
    if (reading.time < header.t0 || reading.time > header.t1) throw disagrees("time", reading.time, `${header.t0}..${header.t1}`);
    Object.assign(state, { header, reading });
    return [["salted leaf", toHex(leaf)], ["batch root in the signed header", toHex(root)]];
  }],
  ["header", "The batch belongs to this signed header", async (proof, state) => {
    const hash = await sha256(toBytes(proof.header.bytes));
    expectEqual("header hash", proof.header.hash, hash);
    const { header, reading } = state;
    if (BigInt(proof.position) === BigInt(header.count) - 1n) {
      // The header repeats what its closing reading says; a header that contradicts its own body proves nothing.
      if (reading.exportWh !== null && reading.exportWh !== header.exportEndWh) throw disagrees("export register", header.exportEndWh, reading.exportWh);
      if (reading.importWh !== null && reading.importWh !== header.importEndWh) throw disagrees("import register", header.importEndWh, reading.importWh);
    }
    state.headerHash = hash;
    return [["header hash", toHex(hash)]];
  }],
  ["signature", "The meter's key signed the header (P-256)", async (proof, state) => {
    const point = toBytes(proof.key.public_point);
    await verifySignature(point, proof.header.bytes, proof.header.signature, "header");
    const id = await meterIdOf(point);
    expectEqual("meter id", state.header.meterId, id);
    return [["signature r|s", toHex(toBytes(proof.header.signature))], ["meter id", toHex(id)]];
  }],
  ["binding", "That key is bound to this meter, signed by the meter and its installer", async (proof, state) => {
    const { binding, hash } = await openBinding(proof.binding.record);
    expectEqual("public point in the binding", proof.key.public_point, binding.publicPoint);
    if (binding.validFrom > state.reading.time) throw disagrees("binding valid from", binding.validFrom, `a reading at ${state.reading.time}`);
    state.binding = binding;
    return [["binding hash", toHex(hash)], ["installer key", toHex(await meterIdOf(binding.installerPoint))]];
  }],
  ["entry", "Header and binding are entries of the log", async (proof, state) => {
    state.entry = await entryLeaf(ENTRY_HEADER, concat(toBytes(proof.header.bytes), toBytes(proof.header.signature)));
    state.bindingEntry = await entryLeaf(ENTRY_BINDING, proof.binding.record);
    return [[`leaf of entry ${proof.log.index}`, toHex(state.entry)], [`leaf of entry ${proof.log.binding_index} (binding)`, toHex(state.bindingEntry)]];
  }],
  ["inclusion", "The log includes both, at this size", async (proof, state) => {
    const { log } = proof;
    state.root = await verifyInclusion(state.entry, log.index, log.size, log.path, log.root, "log");
    await verifyInclusion(state.bindingEntry, log.binding_index, log.size, log.binding_path, log.root, "log, binding");
    return [[`root of ${log.size} entries`, toHex(state.root)]];
  }],
  ["checkpoint", "The oracle signed this size and root", async (proof, state) => {
    if (!proof.checkpoint) return null;
    const origin = `helioracle/${state.binding.chainId}/${state.binding.asset}`;
    const checkpoint = await openCheckpoint(proof.checkpoint.note, proof.checkpoint.oracle_point, origin);
    if (checkpoint.size !== BigInt(proof.log.size)) throw disagrees("checkpoint size", checkpoint.size, proof.log.size);
    expectEqual("checkpoint root", checkpoint.root, state.root);
    if (!checkpoint.signed) return null;
    return [["origin", checkpoint.origin], ["oracle key", toHex(await meterIdOf(proof.checkpoint.oracle_point))]];
  }],
  ["anchor", "The root is the one anchored on chain, as this API reports it", async (proof, state) => {
    if (!proof.anchor) return null;
    if (BigInt(proof.anchor.size) !== BigInt(proof.log.size)) throw disagrees("anchored size", proof.anchor.size, proof.log.size);
    expectEqual("anchored root", proof.anchor.root, state.root);
    return [["anchored root", toHex(toBytes(proof.anchor.root))], ["transaction", proof.anchor.tx_hash]];
  }],
];

/** The steps in order, as [id, title]: what a page draws grey before anything is checked. */
export const PROOF_STEPS = STEPS.map(([id, title]) => [id, title]);

/**
 * Checks one reading's proof from its bytes up. A step is 'ok', 'failed', 'pending' (nothing to check it with yet: not anchored, or no
 * checkpoint) or 'skipped' (an earlier one failed). `onStep` hears of each as it ends.
 *
 * Returns {ok, pending, failed, reading, header, binding, steps: [{id, title, state, values: [[name, text]], problem}]}; `ok` is true only
 * when no step failed and none is pending. Never throws for a proof that is wrong, only where there is no WebCrypto.
 */
export async function checkReadingProof(proof, onStep = () => {}) {
  const state = {};
  const steps = [];
  let failed = null;
  if (!subtle) await sha256(new Uint8Array());
  for (const [id, title, check] of STEPS) {
    const step = { id, title, state: "skipped", values: [], problem: "" };
    if (!failed) {
      try {
        const values = await check(proof, state);
        step.state = values ? "ok" : "pending";
        step.values = values ?? [];
      } catch (error) {
        // A proof is foreign data: a missing field shows as a TypeError, and fails the step that needed it.
        step.state = "failed";
        step.problem = error instanceof EvidenceError ? error.message : `the proof is incomplete: ${error.message}`;
        failed = id;
      }
    }
    steps.push(step);
    onStep(step);
  }
  const pending = steps.some((step) => step.state === "pending");
  return { ok: !failed && !pending, pending, failed, reading: state.reading ?? null, header: state.header ?? null, binding: state.binding ?? null, steps };
}
