/** The compiler says what a user has done wrong in one short error, at the argument that is wrong (test/types/mistakes). */

import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = "test/types/mistakes";
/** Characters, with its explanations. */
const SHORT = 600;
/** Handlers without parameters: they are typed before the compiler has looked at the events beside them, so that the whole answer is compared. */
const COMPARED = new Set(["handler-without-parameters.ts", "handler-without-parameters-list.ts", "handler-without-parameters-timer.ts"]);
/** Those that are longer, and why. */
const LONGER: Readonly<Record<string, number>> = {
  // As above. No event or timer has that name, so that all of them are compared.
  "handler-without-parameters-event.ts": 1_100,
  "handler-without-parameters-timer-alone.ts": 800,
  // As above. The handler's answer names the types of everybody that it may send to.
  "process-handler-without-parameters.ts": 700,
  "process-sent-to-stranger.ts": 700,
  // As above. The handler may be absent: the compiler compares functions as a whole.
  "effect-handler-without-parameters.ts": 1_050,
  "transform-handler-without-parameters.ts": 1_300,
  // It may be absent, and has three forms.
  "view-row-field.ts": 1_350,
};
/** The compiler, on a machine that has other work. */
const COMPILE_MS = 120_000;

const programs = readdirSync(join(ROOT, FOLDER)).filter((file) => file.endsWith(".ts") && file !== "parts.ts");

describe("a mistake that the compiler can see", { timeout: COMPILE_MS }, () => {
  const { stdout } = spawnSync("npx", ["tsc", "--pretty", "false", "-p", FOLDER], { cwd: ROOT, encoding: "utf8" });
  // Lines of explanation are indented.
  const errors = stdout.trimEnd().split(/\n(?=\S)/);

  it("is in these programs and nowhere else", () => {
    expect(programs.length).toBeGreaterThan(10);
    for (const error of errors) expect(programs).toContain(/^test\/types\/mistakes\/(.*?)\(/.exec(error)?.[1]);
  });

  it.each(programs)("is one short error, at its line and with the useful words first: %s", (program) => {
    const lines = readFileSync(join(ROOT, FOLDER, program), "utf8").split("\n");
    const mark = lines.findIndex((line) => line.includes("// mistake: "));
    const words = lines[mark]?.split("// mistake: ")[1] ?? "no mark";
    const own = errors.filter((error) => error.startsWith(`${FOLDER}/${program}(`));
    expect(own, own.join("\n")).toHaveLength(1);
    const [error = ""] = own;
    expect(error.length, error).toBeLessThanOrEqual(LONGER[program] ?? SHORT);
    expect(program in LONGER || COMPARED.has(program) ? error : error.split("\n")[0]).toContain(words);
    expect(error).toContain(`${program}(${mark + 2},`);
  });
});
