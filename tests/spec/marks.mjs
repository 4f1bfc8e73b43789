// Blocks, standings and closes, opened as block.md, standing.md and close.md say; and the rules from entry to entry.
import { U63_MAX, big, demand, hex, leafHash, Reader, Refused, same, treeRoot, well, ascii } from "./ground.mjs";

const zeros = (bytes) => bytes.every((b) => b === 0);
const opened = (content, tag, size) => {
  well(content.length === size, "length");
  const r = new Reader(content);
  well(ascii(r.take(4)) === tag, "tag");
  return r;
};
const text = (value) => value.toString();
const disagree = (condition, field) => { if (!condition) throw Object.assign(new Refused("entry-disagrees", field), { field }); };

export const openBlock = (content) => {
  const r = opened(content, "HOK1", 53);
  const kind = r.int(1), number = r.big(), hash = r.take(32), time = r.big();
  well(kind >= 1 && kind <= 3, "kind");
  well(number <= U63_MAX && time <= U63_MAX, "below 2^63");
  well((kind === 3) === zeros(hash), "hash");
  well(kind !== 3 || number === 0n, "number of a clock");
  return { kind, number, hash, time, fields: { kind, number: text(number), hash: hex(hash), time: text(time) } };
};
/** The time of the log behind the last of these block entries, null where none stands. */
export const logTime = (contents) => {
  const stand = [];
  let clock = null;
  for (const content of contents) {
    const one = openBlock(content), newest = stand.at(-1);
    disagree(clock === null || clock === (one.kind === 3), "kind");
    clock = one.kind === 3;
    if (one.kind === 2) {
      disagree(newest && newest.number === one.number, "number");
      disagree(same(newest.hash, one.hash), "hash");
      disagree(newest.time === one.time, "time");
      stand.pop();
      continue;
    }
    if (newest) {
      disagree(clock || one.number > newest.number, "number");
      disagree(one.time >= newest.time, "time");
    }
    stand.push(one);
  }
  return stand.length ? text(stand.at(-1).time) : null;
};

export const openStanding = (content) => {
  const r = opened(content, "HOT1", 53);
  const status = r.int(1), period = r.int(4), supplement = r.int(2), revision = r.int(2), report = r.take(32), block = r.big();
  well(status >= 1 && status <= 4, "status");
  well(block <= U63_MAX, "block");
  well(!zeros(report), "report hash");
  const fields = { status, period, supplement, revision, report_hash: hex(report), block: text(block) };
  return { ...fields, fields };
};
const AFTER = { 1: [2, 4], 2: [3, 1], 3: [1], 4: [] };
export const standings = (contents) => {
  let before = null;
  for (const content of contents) {
    const one = openStanding(content);
    if (before === null) {
      disagree(one.status === 1, "status");
      disagree(one.revision === 0, "revision");
    } else {
      disagree(one.period === before.period, "period");
      disagree(one.supplement === before.supplement, "supplement");
      disagree(AFTER[before.status].includes(one.status), "status");
      const again = one.status === 1;
      disagree(one.revision === before.revision + (again ? 1 : 0), "revision");
      disagree((one.report_hash === before.report_hash) !== again, "report_hash");
    }
    before = one;
  }
};

export const openClose = (content) => {
  const r = opened(content, "HOC1", 57);
  const kind = r.int(1), period = r.int(4), supplement = r.int(2), revision = r.int(2), count = r.int(4), branches = r.take(32), until = r.big();
  well(kind === 1 || kind === 2, "kind");
  well(count > 0, "count");
  well(until > 0n && until < 1n << 40n, "valid until");
  return { kind, until, fields: { kind, period, supplement, revision, count, branches: hex(branches), valid_until: text(until) } };
};
export const placeClose = (content, now, periodEnd, delay) => {
  const { kind, until } = openClose(content);
  disagree(now >= periodEnd + (kind === 2 ? delay : 0n), "kind");
  disagree(until > now && until <= now + 86_400n, "valid_until");
};
export const openBranches = async (branches, count, root) => {
  well(branches.length > 0, "none");
  const ids = branches.map((b) => { well(b.length === 60 && big(b.subarray(52)) <= U63_MAX, "branch"); return hex(b.subarray(0, 20)); });
  well(ids.every((id, i) => i === 0 || ids[i - 1] < id), "order");
  const computed = await treeRoot(await Promise.all(branches.map(leafHash)));
  demand(branches.length === count && same(computed, root), "root-mismatch", "branches");
};
