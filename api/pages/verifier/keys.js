// P-256 signatures over SHA-256 with WebCrypto: 64 bytes r | s, low s only, as evidence/keys.py has them.

import { EvidenceError, concat, number, sha256, subtle, toBytes, toHex } from "./bytes.js";

export const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
export const SIGNATURE_SIZE = 64;

/** A P-256 key of its 64-byte point; throws where that is no point of the curve. */
export async function importKey(point) {
  if (point.length !== 64) throw new EvidenceError("bad-key", `public point: ${point.length} bytes, 64 expected`);
  if (!subtle) await sha256(point);
  try {
    return await subtle.importKey("raw", concat(Uint8Array.of(4), point), { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  } catch {
    throw new EvidenceError("bad-key", "public point: not on the curve P-256");
  }
}

/** Throws unless 64 bytes r | s with low s are this key's signature over SHA-256(message); returns the message. */
export async function verifySignature(publicPoint, message, signature, what = "signature") {
  const point = toBytes(publicPoint);
  const signed = toBytes(message);
  const rs = toBytes(signature);
  const bad = (problem) => new EvidenceError("bad-signature", `${what}: ${problem}`);
  if (rs.length !== SIGNATURE_SIZE) throw bad(`${rs.length} bytes, 64 expected`);
  const r = number(rs.slice(0, 32));
  const s = number(rs.slice(32));
  if (r === 0n || r >= P256_ORDER || s === 0n || s >= P256_ORDER) throw bad("r or s is out of range");
  if (s > P256_ORDER >> 1n) throw bad("s is in the upper half of the order; the canonical form is n - s");
  const key = await importKey(point);
  if (!(await subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, rs, signed))) {
    throw bad(`not signed by the key of ${toHex(await meterIdOf(point)).slice(2)}`);
  }
  return signed;
}

/** First 20 bytes of SHA-256 over the 64-byte public point. */
export const meterIdOf = async (publicPoint) => (await sha256(toBytes(publicPoint))).slice(0, 20);
