// The sum tree over points (spec/settlement.md): a node is count, export and import beside a hash.
import { demand, hex, join_, raw, same, sha256, well } from "./ground.mjs";

const U64_MAX = 0xffffffffffffffffn;

const u64 = (number) => {
  well(number >= 0n && number <= U64_MAX, "a sum that does not fit 64 bits");
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, number);
  return bytes;
};
const numbers = (shown) => Object.fromEntries(["count", "export_wh", "import_wh"].map((name) => [name, BigInt(shown[name])]));
const written = (node) => join_(u64(node.count), u64(node.export_wh), u64(node.import_wh), node.hash);
const leafNode = async ({ point, export_wh, import_wh }) => {
  well(/^[a-z0-9][a-z0-9-]{0,31}$/.test(point), "point");
  const padded = new Uint8Array(32);
  padded.set(new TextEncoder().encode(point));
  const exported = BigInt(export_wh), imported = BigInt(import_wh);
  const hash = await sha256(Uint8Array.of(2), padded, u64(exported), u64(imported));
  return { count: 1n, export_wh: exported, import_wh: imported, hash };
};
const parent = async (left, right) => {
  const node = {};
  for (const name of ["count", "export_wh", "import_wh"]) node[name] = left[name] + right[name];
  for (const name of ["export_wh", "import_wh"]) well(node[name] <= U64_MAX, "a sum that does not fit 64 bits");
  return { ...node, hash: await sha256(Uint8Array.of(3), written(left), written(right)) };
};
const rootHash = (node) => sha256(Uint8Array.of(3), written(node));

// The root node over a list of leaves, by RFC 9162's recursive definition.
export const sumTree = async (leaves) => {
  well(leaves.length > 0, "no leaves");
  leaves.slice(1).forEach((leaf, i) => well(leaves[i].point < leaf.point, "points do not rise"));
  const over = async (nodes) => {
    if (nodes.length === 1) return nodes[0];
    let k = 1;
    while (k * 2 < nodes.length) k *= 2;
    return parent(await over(nodes.slice(0, k)), await over(nodes.slice(k)));
  };
  return over(await Promise.all(leaves.map(leafNode)));
};
export const openSumInclusion = async (leaf, index, size, proof, root) => {
  const bad = (condition, why) => demand(condition, "bad-proof", why);
  bad(index >= 0 && index < size && proof.length <= 64, "index or number of siblings");
  let node = await leafNode(leaf), fn = BigInt(index), sn = BigInt(size) - 1n;
  for (const shown of proof) {
    bad(sn !== 0n, "too many siblings");
    const sibling = { ...numbers(shown), hash: raw(shown.hash) };
    if (fn & 1n || fn === sn) {
      node = await parent(sibling, node);
      while (!(fn & 1n) && fn) { fn >>= 1n; sn >>= 1n; }
    } else node = await parent(node, sibling);
    fn >>= 1n; sn >>= 1n;
  }
  bad(sn === 0n && node.count === BigInt(size), "too few siblings, or another count");
  demand(same(await rootHash(node), root), "root-mismatch", "root");
  return { count: String(node.count), export_wh: String(node.export_wh), import_wh: String(node.import_wh), hash: hex(node.hash) };
};
