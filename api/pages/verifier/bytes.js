// Bytes, hex, SHA-256, and the one error of everything that is checked here. A pure module: no DOM, the same in a browser and in Node.

/** WebCrypto; undefined where a page is not in a secure context, and then `sha256` says so. */
export const subtle = globalThis.crypto?.subtle;

/** A byte string that proves nothing; `code` is one of malformed, bad-signature, bad-key, root-mismatch, bad-proof, header-disagrees. */
export class EvidenceError extends Error {
  constructor(code, message, facts = {}) {
    super(message);
    this.name = "EvidenceError";
    this.code = code;
    this.facts = facts;
  }
}

export const malformed = (what, problem) => new EvidenceError("malformed", `${what}: ${problem}`);

/** Uint8Array of hex text or of bytes; anything else is malformed. */
export function toBytes(value) {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== "string") throw malformed("bytes", "neither bytes nor hex text");
  const digits = value.startsWith("0x") ? value.slice(2) : value;
  if (digits.length % 2 || !/^[0-9a-fA-F]*$/.test(digits)) throw malformed("bytes", "not hex text");
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** 0x-prefixed hex of bytes. */
export const toHex = (bytes) => "0x" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** One array of all parts. */
export function concat(...parts) {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Whether two arrays hold the same bytes. */
export const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** The big-endian number that bytes are. */
export function number(bytes) {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

/** Bytes of base64 with its padding; malformed otherwise. */
export function base64(text, what) {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4) throw malformed(what, "not base64");
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

/** SHA-256 of bytes. */
export async function sha256(bytes) {
  if (!subtle) {
    throw new Error("this page is not in a secure context, so the browser offers no WebCrypto: open it on 127.0.0.1 or over https");
  }
  return new Uint8Array(await subtle.digest("SHA-256", bytes));
}

/** Two places say different things. */
export const disagrees = (field, stated, computed) =>
  new EvidenceError("header-disagrees", `${field}: ${stated} is stated, ${computed} was found`, { stated: String(stated), computed: String(computed) });

/** Throws unless both are the same bytes. */
export function expectEqual(field, stated, computed) {
  if (!same(toBytes(stated), toBytes(computed))) throw disagrees(field, toHex(toBytes(stated)), toHex(toBytes(computed)));
}
