// Canonical JSON (spec/canonical-json.md). A number's own text decides whether it is an integer: to JavaScript 0.0 and 0 are one value.
import { demand, hex, raw, well } from "./ground.mjs";

class TrueNumber {}

// A document of the vectors: integers of any size as BigInt, {"$bytes": "0x.."} as a byte string.
export const parseExactly = (text) =>
  JSON.parse(text, (key, value, context) => {
    if (typeof value === "number") {
      if (context?.source === undefined) throw new Error("this test needs Node 22 or newer: JSON.parse does not tell a number's text");
      return /^-?(0|[1-9][0-9]*)$/.test(context.source) ? BigInt(context.source) : new TrueNumber();
    }
    if (value !== null && typeof value === "object" && Object.keys(value).join() === "$bytes") return raw(value.$bytes);
    return value;
  });

const encoded = (value) => {
  if (typeof value === "bigint") return `"${value}"`;
  if (typeof value === "boolean") return String(value);
  if (value instanceof Uint8Array) return `"${hex(value)}"`;
  if (typeof value === "string") {
    well(value.isWellFormed(), "half of a surrogate pair");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(encoded).join(",")}]`;
  demand(value !== null && !(value instanceof TrueNumber), "malformed", "a true number or null");
  const keys = Object.keys(value).sort();
  for (const key of keys) well(/^[\0-\x7f]*$/.test(key), "a key beyond ASCII");
  return `{${keys.map((key) => `${JSON.stringify(key)}:${encoded(value[key])}`).join(",")}}`;
};
export const canonicalBytes = (document) => new TextEncoder().encode(encoded(document));
