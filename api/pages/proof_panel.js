// The panel of one reading: five lamps, the steps behind them, and the button that tells a lie. What a lamp says comes from verify.js and
// from nowhere else.

import { $, el } from "./dom.js";
import { kwh } from "./figures.js";
import { PROOF_STEPS, alteredRecord, checkReadingProof, decodeReading, toHex } from "./verifier/verify.js";

// A lamp is a few steps of the check under one plain name.
const LAMPS = [
  { name: "Unchanged", words: "the reading is in its signed batch", steps: ["leaf", "header"] },
  { name: "Signed", words: "by the meter\u2019s key, at the gateway", steps: ["signature"] },
  { name: "Key bound", words: "to this meter, by meter and installer", steps: ["binding"] },
  { name: "In the log", words: "under a root that the oracle signed", steps: ["entry", "inclusion", "checkpoint"] },
  { name: "On chain", words: "the anchored root, as this API reports it", steps: ["anchor"] },
];
const GLYPH = { ok: "\u2713", failed: "\u2715", pending: "\u2026", skipped: "", unchecked: "" };
const STATE_WORDS = { ok: "checked", failed: "failed", pending: "waiting", skipped: "not reached", unchecked: "not checked" };

function lampState(steps, lamp) {
  const mine = steps.filter((step) => lamp.steps.includes(step.id)).map((step) => step.state);
  return ["failed", "unchecked", "skipped", "pending"].find((one) => mine.includes(one)) ?? "ok";
}

function drawLamps(steps) {
  $("lamps").replaceChildren(...LAMPS.map((lamp) => {
    const now = lampState(steps, lamp);
    const light = el("span", { className: "lamp" }, GLYPH[now]);
    light.setAttribute("aria-hidden", "true");
    return el("li", { dataset: { lamp: lamp.steps[0], state: now } }, light, el("span", {}, el("b", {}, lamp.name), lamp.words, el("span", { className: "hidden" }, `: ${STATE_WORDS[now]}`)));
  }));
  $("steps").replaceChildren(...steps.map((step) => {
    const values = el("dl", {}, ...step.values.map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text))));
    const item = el("li", { dataset: { step: step.id, state: step.state } }, el("span", { className: "state" }, STATE_WORDS[step.state]), el("span", {}, step.title), values);
    if (step.problem) item.append(el("p", { className: "problem" }, step.problem));
    return item;
  }));
}

function verdict(kind, words) {
  $("proof").dataset.verdict = kind;
  $("proof-verdict").textContent = words;
}

function drawValue(served, record) {
  const told = decodeReading(served.reading.record, served.reading.profile);
  const shown = decodeReading(record, served.reading.profile);
  const [was, is] = shown.exportWh === null ? [told.importWh, shown.importWh] : [told.exportWh, shown.exportWh];
  const value = $("proof-value");
  if (is === null) value.replaceChildren("no answer", el("small", {}, "a signed absence"));
  else if (was !== is) value.replaceChildren(el("del", {}, kwh(was, 3)), `${kwh(is, 3)} kWh`, el("small", {}, "altered in this browser"));
  else value.replaceChildren(`${kwh(is, 3)} kWh`, el("small", {}, "register, as the meter shows it"));
}

/** The lamps before anything is checked, with what is to be said of it. */
export function showUnchecked(words) {
  drawLamps(PROOF_STEPS.map(([id, title]) => ({ id, title, state: "unchecked", values: [], problem: "" })));
  verdict("unchecked", words);
}

/** Checks a proof in this browser and shows what held; `altered` adds 1 kWh to the reading first. */
export async function showProof(served, { altered, name }) {
  const proof = structuredClone(served);
  if (altered) proof.reading.record = toHex(alteredRecord(proof.reading.record));
  $("proof-reading").textContent = `${proof.binding.serial} at ${proof.binding.point}, ${name}. Log entry ${proof.log.index}.`;
  $("tamper").disabled = false;
  $("tamper").textContent = altered ? "Put the true reading back" : "Add 1 kWh to this reading";
  showUnchecked("Checking\u2026");
  try {
    drawValue(served, proof.reading.record);
  } catch {
    // The check below says what is wrong with it.
    $("proof-value").textContent = "unreadable";
  }
  const started = performance.now();
  const result = await checkReadingProof(proof);
  const took = Math.max(1, Math.round(performance.now() - started));
  drawLamps(result.steps);
  const wrong = result.steps.find((step) => step.state === "failed");
  const waiting = result.steps.filter((step) => step.state === "pending").map((step) => step.title.toLowerCase());
  if (wrong) verdict("failed", `${altered ? "Caught. " : ""}\u201c${wrong.title}\u201d does not hold: ${wrong.problem}`);
  else if (waiting.length) verdict("pending", `Everything that can be checked now holds (${took} ms in this browser). Waiting: ${waiting.join("; ")}.`);
  else verdict("ok", `All ${result.steps.length} steps hold, checked by this browser with WebCrypto in ${took} ms, for this one reading. Nothing was asked of the server but bytes.`);
}
