/**
 * `npm run test:sources`: changes go from a database or broker into a store, while both are killed at random, and says what was lost, doubled or out
 * of order.
 *
 * `--kind postgres|nats|mqtt|queue` (all that are installed), `--changes N` (100,000), `--seed N` (any), `--kills N` (as many as there is time for). Ends with 1 when a
 * promise was broken, with 2 when the harness itself could not go on.
 */

import { parseArgs } from "node:util";
import { type HarnessReport, harness } from "./harness.ts";
import { OUTSIDES } from "./outsides.ts";

const { values } = parseArgs({
  options: {
    kind: { type: "string", multiple: true },
    changes: { type: "string", default: "100000" },
    seed: { type: "string" },
    kills: { type: "string" },
  },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const changes = Number(values.changes);
const kills = values.kills === undefined ? {} : { kills: Number(values.kills) };
if ([seed, changes, kills.kills ?? 0].some((number) => !Number.isSafeInteger(number) || number < 0)) {
  console.error("--seed, --changes and --kills are whole numbers");
  process.exit(2);
}
const chosen = values.kind ?? Object.keys(OUTSIDES);
let isBroken = false;
for (const kind of chosen) {
  const outside = OUTSIDES[kind];
  if (!outside) {
    console.error(`${kind} is none of ${Object.keys(OUTSIDES).join(", ")}`);
    process.exit(2);
  }
  if (!outside.isInstalled()) {
    console.log(`${kind}: not installed here, left out`);
    continue;
  }
  console.log(`${kind}, seed ${seed}`);
  try {
    const started = await outside.start();
    const options = { outside: started, changes, seed, ...kills, tell: (line: string) => console.log(`  ${line}`) };
    let report: HarnessReport;
    try {
      report = await harness(options);
    } finally {
      await started.stop();
    }
    const { lost, doubled, disordered, examples, perSecond, seconds } = report;
    const deaths = Object.entries(report.kills).map(([who, count]) => `${who} ${count}`);
    console.log(
      `${kind}: ${report.changes} changes in ${Math.round(seconds)} s (${perSecond}/s), deaths: ${deaths.join(", ")}; ${lost} lost, ${doubled} doubled, ${disordered} out of order`,
    );
    for (const example of examples) console.log(`  ${example}`);
    if (examples.length > 0) isBroken = true;
  } catch (error) {
    console.error(error);
    process.exit(2);
  }
}
process.exit(isBroken ? 1 : 0);
