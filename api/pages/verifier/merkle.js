// RFC 9162 trees over SHA-256, as evidence/merkle.py has them (spec/merkle.md). Indexes and sizes may be numbers, BigInt or digits.

import { EvidenceError, concat, same, sha256, toBytes, toHex } from "./bytes.js";

const PROOF_LENGTH_MAX = 64;

/** SHA-256(0x00 | leaf). */
export const leafHash = (leaf) => sha256(concat(Uint8Array.of(0), toBytes(leaf)));

/** SHA-256(0x01 | left | right). */
export const nodeHash = (left, right) => sha256(concat(Uint8Array.of(1), toBytes(left), toBytes(right)));

/** The root over leaf hashes; of none, SHA-256 of nothing. */
export async function treeRoot(leafHashes) {
  if (leafHashes.length === 0) return sha256(new Uint8Array());
  let level = leafHashes.map(toBytes);
  while (level.length > 1) {
    const above = [];
    for (let i = 0; i + 1 < level.length; i += 2) above.push(await nodeHash(level[i], level[i + 1]));
    if (level.length & 1) above.push(level[level.length - 1]);
    level = above;
  }
  return level[0];
}

function hashes(proof, what) {
  if (!Array.isArray(proof)) throw new EvidenceError("bad-proof", `${what}: the proof is no list`);
  if (proof.length > PROOF_LENGTH_MAX) throw new EvidenceError("bad-proof", `${what}: ${proof.length} hashes; no tree is that deep`);
  return proof.map((item) => {
    const hash = toBytes(item);
    if (hash.length !== 32) throw new EvidenceError("bad-proof", `${what}: a hash has ${hash.length} bytes, 32 expected`);
    return hash;
  });
}

function whole(value, what) {
  if (typeof value === "bigint" || Number.isSafeInteger(value) || (typeof value === "string" && /^\d{1,20}$/.test(value))) return BigInt(value);
  throw new EvidenceError("bad-proof", `${what}: ${String(value)} is no whole number`);
}

/** The root that an inclusion proof leads to (RFC 9162, 2.1.3.2); throws on an index out of range or a proof of the wrong length. */
export async function rootFromInclusion(leaf, index, size, proof) {
  let fn = whole(index, "inclusion");
  const count = whole(size, "inclusion");
  if (fn < 0n || fn >= count) throw new EvidenceError("bad-proof", `inclusion: index ${fn} is not below the tree size ${count}`);
  const path = hashes(proof, "inclusion");
  let sn = count - 1n;
  let computed = toBytes(leaf);
  for (const sibling of path) {
    if (sn === 0n) throw new EvidenceError("bad-proof", `inclusion: the proof has ${path.length} hashes, more than a tree of ${count} leaves needs`);
    if (fn & 1n || fn === sn) {
      computed = await nodeHash(sibling, computed);
      while (!(fn & 1n) && fn) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      computed = await nodeHash(computed, sibling);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  if (sn) throw new EvidenceError("bad-proof", `inclusion: the proof has ${path.length} hashes, fewer than a tree of ${count} leaves needs`);
  return computed;
}

/** Throws unless an inclusion proof leads to the stated root; returns the root. */
export async function verifyInclusion(leaf, index, size, proof, statedRoot, what = "inclusion") {
  const computed = await rootFromInclusion(leaf, index, size, proof);
  const stated = toBytes(statedRoot);
  if (!same(computed, stated)) {
    throw new EvidenceError("root-mismatch", `${what}: root ${toHex(stated)} is stated, the leaves give ${toHex(computed)}`, {
      stated: toHex(stated),
      computed: toHex(computed),
    });
  }
  return computed;
}

/** Throws unless the new tree only appended to the old one (RFC 9162, 2.1.4.2); returns the new root. */
export async function verifyConsistency(oldSize, oldRoot, newSize, newRoot, proof) {
  const size1 = whole(oldSize, "consistency");
  const size2 = whole(newSize, "consistency");
  const root1 = toBytes(oldRoot);
  const root2 = toBytes(newRoot);
  if (size1 <= 0n || size1 > size2) throw new EvidenceError("bad-proof", `consistency: old size ${size1} is not between 1 and the new size ${size2}`);
  let path = hashes(proof, "consistency");
  const mismatch = (which, stated, computed) =>
    new EvidenceError("root-mismatch", `consistency, ${which} tree: root ${toHex(stated)} is stated, the proof gives ${toHex(computed)}`);
  if (size1 === size2) {
    if (path.length) throw new EvidenceError("bad-proof", `consistency: ${path.length} hashes between equal sizes, none expected`);
    if (!same(root1, root2)) throw mismatch("equal", root2, root1);
    return root2;
  }
  const given = path.length;
  if ((size1 & (size1 - 1n)) === 0n) path = [root1, ...path];
  if (path.length === 0) throw new EvidenceError("bad-proof", "consistency: the proof is empty");
  let fn = size1 - 1n;
  let sn = size2 - 1n;
  while (fn & 1n) {
    fn >>= 1n;
    sn >>= 1n;
  }
  let computed1 = path[0];
  let computed2 = path[0];
  for (const hash of path.slice(1)) {
    if (sn === 0n) throw new EvidenceError("bad-proof", `consistency: the proof has ${given} hashes, too many from ${size1} to ${size2}`);
    if (fn & 1n || fn === sn) {
      computed1 = await nodeHash(hash, computed1);
      computed2 = await nodeHash(hash, computed2);
      while (!(fn & 1n) && fn) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      computed2 = await nodeHash(computed2, hash);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  if (sn) throw new EvidenceError("bad-proof", `consistency: the proof has ${given} hashes, too few from ${size1} to ${size2}`);
  if (!same(computed1, root1)) throw mismatch("old", root1, computed1);
  if (!same(computed2, root2)) throw mismatch("new", root2, computed2);
  return computed2;
}
