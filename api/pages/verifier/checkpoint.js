// A checkpoint: the log's size and root as a C2SP signed note (spec/checkpoint.md).

import { EvidenceError, base64, concat, malformed, number, same, sha256, toBytes } from "./bytes.js";
import { P256_ORDER, verifySignature } from "./keys.js";
import { U63_MAX } from "./layouts.js";

const NOTE_SIZE_MAX = 16384;

// ASN.1 SEQUENCE { INTEGER r, INTEGER s } as 64 bytes with low s; strictly DER, and at most 72 bytes, so every length is one byte.
function fromDer(der) {
  const refuse = () => new EvidenceError("bad-signature", "checkpoint: the signature is not ASN.1 of an r and s in range");
  const integer = (at) => {
    const size = der[at + 1];
    const digits = der.slice(at + 2, at + 2 + size);
    if (der[at] !== 0x02 || !size || size > 33 || digits.length !== size) throw refuse();
    if (digits[0] & 0x80 || (size > 1 && digits[0] === 0 && !(digits[1] & 0x80))) throw refuse();
    const value = number(digits);
    if (value === 0n || value >= P256_ORDER) throw refuse();
    return [value, at + 2 + size];
  };
  if (der[0] !== 0x30 || der[1] !== der.length - 2) throw refuse();
  const [r, next] = integer(2);
  const [s, end] = integer(next);
  if (end !== der.length) throw refuse();
  const low = s > P256_ORDER >> 1n ? P256_ORDER - s : s;
  return toBytes(r.toString(16).padStart(64, "0") + low.toString(16).padStart(64, "0"));
}

// DER of SubjectPublicKeyInfo for an uncompressed P-256 point: everything before the 64 bytes is constant.
const SPKI_PREFIX = toBytes("3059301306072a8648ce3d020106082a8648ce3d03010703420004");

/** Opens a C2SP signed note: {origin, size, root, signed}; with an oracle key its signature is checked, with an origin the name too. */
export async function openCheckpoint(note, oraclePoint = null, origin = null) {
  if (typeof note !== "string" || note.length > NOTE_SIZE_MAX) throw malformed("checkpoint", `no text, or more than ${NOTE_SIZE_MAX} characters`);
  const split = note.lastIndexOf("\n\n");
  const signatures = note.slice(split + 2);
  if (split < 0 || !signatures.endsWith("\n")) throw malformed("checkpoint", "no blank line before the signatures, or no newline at the end");
  const text = note.slice(0, split + 1);
  const lines = text.split("\n");
  const wanted = origin ?? lines[0];
  if (oraclePoint) {
    const point = toBytes(oraclePoint);
    const keyId = (await sha256(concat(SPKI_PREFIX, point))).slice(0, 4);
    let opened = false;
    for (const line of signatures.slice(0, -1).split("\n")) {
      const at = line.indexOf(" ", 2);
      const [name, blob] = [line.slice(2, at), line.slice(at + 1)];
      if (!line.startsWith("\u2014 ") || at < 0 || !blob) throw malformed("checkpoint", "a signature line is not '\u2014 name base64'");
      const raw = base64(blob, "checkpoint signature");
      if (name !== wanted || !same(raw.slice(0, 4), keyId)) continue;
      await verifySignature(point, new TextEncoder().encode(text), fromDer(raw.slice(4)), "checkpoint");
      opened = true;
    }
    if (!opened) throw new EvidenceError("bad-signature", "checkpoint: no signature line of the known key");
  }
  if (lines.length !== 4 || lines[3]) throw malformed("checkpoint", `${lines.length - 1} lines, 3 expected`);
  if (lines[0] !== wanted) throw malformed("checkpoint", `origin '${lines[0].slice(0, 100)}', '${wanted}' expected`);
  if (!/^(0|[1-9]\d{0,18})$/.test(lines[1]) || BigInt(lines[1]) > U63_MAX) {
    throw malformed("checkpoint", "the size is no decimal number below 2^63 without leading zeros");
  }
  const root = base64(lines[2], "checkpoint root");
  if (root.length !== 32) throw malformed("checkpoint", `the root has ${root.length} bytes, 32 expected`);
  // Base64 of 32 bytes leaves two bits over: only one of the four spellings is the root's.
  if (btoa(String.fromCharCode(...root)) !== lines[2]) throw malformed("checkpoint", "the root's base64 is not canonical");
  return { origin: lines[0], size: BigInt(lines[1]), root, signed: Boolean(oraclePoint) };
}
