// Hex, hashes, keys and RFC 9162 trees: the ground that the verifier of verify.mjs stands on. WebCrypto and nothing else.
export const subtle = globalThis.crypto.subtle;
export const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
export const ABSENT = 0xffffffffffffffffn;
export const U63_MAX = 0x7fffffffffffffffn;

export class Refused extends Error {
  constructor(code, message) { super(message); this.code = code; }
}
export const demand = (condition, code, message) => { if (!condition) throw new Refused(code, message); };
export const well = (condition, message) => demand(condition, "malformed", message);

export const raw = (text) => {
  if (!/^0x([0-9a-f]{2})*$/.test(text)) throw new Error(`not hex: ${text.slice(0, 20)}`);
  return Uint8Array.from(text.slice(2).match(/../g) ?? [], (pair) => parseInt(pair, 16));
};
export const hex = (bytes) => "0x" + Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
export const join_ = (...parts) => {
  const whole = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
};
export const sha256 = async (...parts) => new Uint8Array(await subtle.digest("SHA-256", join_(...parts)));
export const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
export const big = (bytes) => bytes.reduce((n, b) => (n << 8n) | BigInt(b), 0n);
export const ascii = (bytes) => String.fromCharCode(...bytes);

export class Reader {
  constructor(bytes) { this.bytes = bytes; this.at = 0; }
  take(size) { this.at += size; return this.bytes.subarray(this.at - size, this.at); }
  int(size) { return Number(big(this.take(size))); }
  big(size = 8) { return big(this.take(size)); }
}

// ---- keys and signatures
export const point = async (bytes) => {
  demand(bytes.length === 64, "bad-key", "not 64 bytes");
  try {
    return await subtle.importKey("raw", join_(Uint8Array.of(4), bytes), { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]);
  } catch {
    throw new Refused("bad-key", "not on P-256");
  }
};
export const verify = (key, signature, message) => subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, message);
export const openSignature = async (key, signature, message) => {
  const bad = (condition, why) => demand(condition, "bad-signature", why);
  bad(signature.length === 64, "not 64 bytes");
  const r = big(signature.subarray(0, 32)), s = big(signature.subarray(32));
  bad(r > 0n && r < ORDER && s > 0n && s < ORDER, "out of range");
  bad(s <= ORDER >> 1n, "high s");
  bad(await verify(key, signature, message), "does not verify");
};
export const meterId = async (bytes) => (await sha256(bytes)).subarray(0, 20);

// ---- trees
export const leafHash = (leaf) => sha256(Uint8Array.of(0), leaf);
export const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);
export const treeRoot = async (hashes) => {
  if (hashes.length === 0) return sha256();
  if (hashes.length === 1) return hashes[0];
  let k = 1;
  while (k * 2 < hashes.length) k *= 2;
  return nodeHash(await treeRoot(hashes.slice(0, k)), await treeRoot(hashes.slice(k)));
};
const checkHashes = (hashes) => {
  demand(hashes.length <= 66, "bad-proof", "too long");
  for (const h of hashes) demand(h.length === 32, "bad-proof", "not 32 bytes");
};
export const openInclusion = async (leaf, index, size, proof, root) => {
  demand(index >= 0n && index < size, "bad-proof", "index");
  checkHashes([leaf, root, ...proof]);
  let fn = index, sn = size - 1n, computed = leaf;
  for (const sibling of proof) {
    demand(sn !== 0n, "bad-proof", "too long");
    if (fn & 1n || fn === sn) {
      computed = await nodeHash(sibling, computed);
      while (!(fn & 1n) && fn) { fn >>= 1n; sn >>= 1n; }
    } else computed = await nodeHash(computed, sibling);
    fn >>= 1n; sn >>= 1n;
  }
  demand(sn === 0n, "bad-proof", "too short");
  demand(same(computed, root), "root-mismatch", "root");
};
export const openConsistency = async (size1, root1, size2, root2, proof) => {
  demand(size1 > 0n && size1 <= size2, "bad-proof", "sizes");
  checkHashes([root1, root2, ...proof]);
  if (size1 === size2) {
    demand(proof.length === 0, "bad-proof", "equal sizes");
    return demand(same(root1, root2), "root-mismatch", "equal sizes");
  }
  const path = (size1 & (size1 - 1n)) === 0n ? [root1, ...proof] : proof;
  demand(proof.length > 0, "bad-proof", "empty");
  let fn = size1 - 1n, sn = size2 - 1n;
  while (fn & 1n) { fn >>= 1n; sn >>= 1n; }
  let old = path[0], young = path[0];
  for (const hash of path.slice(1)) {
    demand(sn !== 0n, "bad-proof", "too long");
    if (fn & 1n || fn === sn) {
      old = await nodeHash(hash, old);
      young = await nodeHash(hash, young);
      while (!(fn & 1n) && fn) { fn >>= 1n; sn >>= 1n; }
    } else young = await nodeHash(young, hash);
    fn >>= 1n; sn >>= 1n;
  }
  demand(sn === 0n, "bad-proof", "too short");
  demand(same(old, root1) && same(young, root2), "root-mismatch", "root");
};
