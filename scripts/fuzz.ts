/**
 * `npm run fuzz`: sends a store of its own what nobody should send. Ends with 1 when an answer, or what is stored, is not
 * as promised, and says how to send that request again.
 */

import { parseArgs } from "node:util";
import { startRuntime } from "../bench/runtime.ts";
import { type Finding, fuzz } from "../test/fuzz/fuzzer.ts";
import { API_TOKENS, CALLERS } from "../test/fuzz/tokens.ts";

const USAGE = "npm run fuzz -- [--seed NUMBER] [--requests 50000] [--from 0]";
/** Findings that are printed: behind the first few there is often one cause. */
const SHOWN = 20;

const { seed, requests, from } = options();
let output = "";
const store = await startRuntime("test/workers/worker.ts", {
  variables: { API_TOKENS },
  log: (message) => (output = `${output}${message}\n`.slice(-5_000)),
});
try {
  const began = Date.now();
  console.log(`seed ${seed}: ${requests} requests from number ${from}`);
  const { counts, findings } = await fuzz({ url: store.url, callers: CALLERS, seed, requests, from, onRound: progress });
  console.log(`\n${Math.round((Date.now() - began) / 1_000)} s`);
  for (const [kind, count] of [...counts].toSorted(([a], [b]) => a.localeCompare(b))) console.log(`${String(count).padStart(7)}  ${kind}`);
  for (const finding of findings.slice(0, SHOWN)) console.log(`\n${describe(finding)}`);
  console.log(`\n${findings.length} findings`);
  if (findings.length > 0) {
    console.log(`\nThe store said at last:\n${output}`);
    process.exitCode = 1;
  }
} catch (error) {
  console.error(`${String(error)}\n\nThe store said at last:\n${output}`);
  process.exitCode = 1;
} finally {
  await store.stop();
}

function progress(sent: number, findings: readonly Finding[]): void {
  if (sent % 5_000 === 0) console.log(`${sent} sent, ${findings.length} findings`);
}

function describe({ number, what, request, answer }: Finding): string {
  const again = `npm run fuzz -- --seed ${seed} --from ${number} --requests 1`;
  const sent = request ? `\n  ${JSON.stringify({ ...request, body: request.body?.toString("latin1").slice(0, 500) })}` : "";
  return `#${number} ${what}${sent}${answer === undefined ? "" : `\n  ${answer}`}\n  ${again}`;
}

function options() {
  try {
    const { values } = parseArgs({
      options: { seed: { type: "string" }, requests: { type: "string", default: "50000" }, from: { type: "string", default: "0" } },
    });
    return {
      seed: numberOf("--seed", values.seed ?? String(Date.now() % 1_000_000)),
      requests: numberOf("--requests", values.requests),
      from: numberOf("--from", values.from),
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return process.exit(1);
  }
}

function numberOf(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${option} takes a whole number, not "${text}"`);
  return Number(text);
}
