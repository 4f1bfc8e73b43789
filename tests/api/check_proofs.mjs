// Runs verify.js over the cases on standard input and prints what it found: [{name, ok, failed, pending, problem, steps}].
import { readFileSync } from "node:fs";

const { alteredRecord, checkReadingProof, toHex } = await import(process.argv[2]);
const results = [];
for (const { name, proof, alter } of JSON.parse(readFileSync(0, "utf8"))) {
  if (alter) proof.reading.record = toHex(alteredRecord(proof.reading.record));
  const result = await checkReadingProof(proof);
  results.push({
    name,
    ok: result.ok,
    failed: result.failed,
    pending: result.pending,
    problem: result.steps.find((step) => step.state === "failed")?.problem ?? "",
    steps: Object.fromEntries(result.steps.map((step) => [step.id, step.state])),
    serial: result.binding?.serial ?? null,
    export_wh: result.reading?.exportWh?.toString() ?? null,
  });
}
process.stdout.write(JSON.stringify(results));
