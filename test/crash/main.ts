/**
 * `npm run test:crash`: kills a store under load for as long as asked, and says which promises it has kept.
 *
 * `--seed N` (any), `--seconds N` (300), `--kills N` a round (two to five), `--keep FOLDER` for the state of a run that has gone wrong.
 * Ends with 1 when a promise was broken, with 2 when the harness itself could not go on.
 */

import { cpSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Report, crash } from "./crash.ts";

/** Of one violation, as it is printed. */
const VIOLATION_CHARACTERS = 600;

const { values } = parseArgs({
  options: { seed: { type: "string" }, seconds: { type: "string", default: "300" }, kills: { type: "string" }, keep: { type: "string" } },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const seconds = Number(values.seconds);
const kills = values.kills === undefined ? {} : { kills: Number(values.kills) };
const { keep } = values;
if ([seed, seconds, kills.kills ?? 0].some((number) => !Number.isSafeInteger(number) || number < 0)) {
  console.error("--seed, --seconds and --kills are whole numbers");
  process.exit(2);
}

console.log(`seed ${seed}`);
try {
  const report = await crash({ seed, seconds, ...kills, tell: (line) => console.log(line), keep: keepState });
  print(report);
  process.exit(report.violations.length === 0 ? 0 : 1);
} catch (error) {
  console.error(error);
  process.exit(2);
}

function keepState(folder: string, { violations }: Report, output: string): void {
  if (keep === undefined || violations.length === 0) return;
  cpSync(folder, keep, { recursive: true });
  writeFileSync(`${keep}/output.txt`, output);
}

function print({ checks, counts, violations }: Report): void {
  console.log();
  for (const { promise, what, count, violations } of checks)
    console.log(
      `${promise}  ${what.padEnd(76)} ${String(count).padStart(8)} ${violations.length === 0 ? "kept" : `${violations.length} VIOLATIONS`}`,
    );
  console.log();
  for (const [what, count] of Object.entries(counts)) console.log(`${what.padEnd(79)} ${String(count).padStart(8)}`);
  if (violations.length > 0)
    console.log(
      `\n${violations
        .slice(0, 100)
        .map((one) => one.slice(0, VIOLATION_CHARACTERS))
        .join("\n")}`,
    );
  console.log(
    `\nseed ${counts.seed}: ${counts.seconds} s, ${counts.acknowledged} writes acknowledged, ${counts.kills} deaths, ${counts["events in the logs"]} events; ` +
      `${counts.erasures} erasures, ${counts.rebuilds} rebuilds, ${counts.resets} resets, ${counts.replays} replays, ` +
      `${counts["roll-overs"]} roll-overs, ${counts.imports} imports, ${counts["inputs refused"]} inputs refused; ${violations.length} violations`,
  );
}
