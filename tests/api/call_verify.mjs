// Calls one function of a module of the page for each case on standard input: [{call, args, bytes}] -> [{value} | {code, message}].
import { readFileSync } from "node:fs";

const module = await import(process.argv[2]);
// The vectors of roots name leaves, not leaf hashes.
const verify = { ...module, treeRootOf: async (leaves) => module.treeRoot(await Promise.all(leaves.map(module.leafHash))) };
const plain = (value) => {
  if (value instanceof Uint8Array) return verify.toHex(value);
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value;
};
const results = [];
for (const { call, args } of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    results.push({ value: plain(await verify[call](...args)) });
  } catch (error) {
    results.push({ code: error.code ?? error.name, message: error.message });
  }
}
process.stdout.write(JSON.stringify(results));
