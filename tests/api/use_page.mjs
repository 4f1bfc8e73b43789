// Drives a real Chromium over its DevTools socket: node use_page.mjs WS_URL PAGE_URL, with steps as JSON on standard input.
// A step is {do: expression} (evaluated in the page), {until: expression} (awaited until true) or {errors: true} (what the browser
// complained of so far); their values are printed as one JSON list.
import { readFileSync } from "node:fs";

const [endpoint, page] = process.argv.slice(2);
const steps = JSON.parse(readFileSync(0, "utf8"));
const socket = new WebSocket(endpoint);
await new Promise((resolve, reject) => {
  socket.onopen = resolve;
  socket.onerror = () => reject(new Error(`cannot reach ${endpoint}`));
});
const waiting = new Map();
let calls = 0;
const complaints = [];
socket.onmessage = ({ data }) => {
  const { id, result, error, method, params } = JSON.parse(data);
  if (method === "Log.entryAdded" && params.entry.level === "error") complaints.push(params.entry.text);
  if (method === "Runtime.exceptionThrown") complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
  const call = waiting.get(id);
  waiting.delete(id);
  if (call) error ? call.reject(new Error(error.message)) : call.resolve(result);
};
const send = (method, params = {}, sessionId = undefined) =>
  new Promise((resolve, reject) => {
    const id = ++calls;
    waiting.set(id, { resolve, reject });
    socket.send(JSON.stringify({ id, method, params, sessionId }));
  });

const { targetId } = await send("Target.createTarget", { url: "about:blank" });
const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
for (const domain of ["Page", "Runtime", "Log"]) await send(`${domain}.enable`, {}, sessionId);
// Answered when the new page has taken the empty one's place.
await send("Page.navigate", { url: page }, sessionId);
const evaluate = async (expression) => {
  const { result, exceptionDetails } = await send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true }, sessionId);
  if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
  return result.value;
};
// Looks once a frame, inside the page, so that nothing here guesses how long a thing takes.
const until = (condition) => `new Promise((resolve, reject) => {
  const end = performance.now() + 90000;
  const look = () => { if (${condition}) resolve(true); else if (performance.now() > end) reject(new Error("waited in vain")); else setTimeout(look, 20); };
  look();
})`;
await evaluate(until('document.readyState === "complete"'));
const told = [];
for (const step of steps) {
  told.push(step.errors ? complaints : await evaluate(step.until ? until(step.until) : step.do));
}
process.stdout.write(JSON.stringify(told));
socket.close();
