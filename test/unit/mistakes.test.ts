/** The compiler says what a user has done wrong in one short error, at the argument that is wrong (test/types/mistakes). */

import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = "test/types/mistakes";
/** Characters, with its explanations. */
const SHORT = 600;
/** The useful words, in the line above the mistake. Where two types are compared, they may be in the explanation. */
const MARK = /\/\/ mistake(, explained)?: (.*)/;
/** The compiler, on a machine that has other work. */
const COMPILE_MS = 120_000;

const programs = readdirSync(join(ROOT, FOLDER)).filter((file) => file.endsWith(".ts") && file !== "parts.ts");

describe("a mistake that the compiler can see", { timeout: COMPILE_MS }, () => {
  const { stdout } = spawnSync("npx", ["tsc", "--pretty", "false", "-p", FOLDER], { cwd: ROOT, encoding: "utf8" });
  // Lines of explanation are indented.
  const errors = stdout.trimEnd().split(/\n(?=\S)/);

  it("is only in these programs", () => {
    expect(programs.length).toBeGreaterThan(10);
    for (const error of errors) expect(programs).toContain(/^test\/types\/mistakes\/(.*?)\(/.exec(error)?.[1]);
  });

  it.each(programs)("is one short error, at its line and with the useful words first: %s", (program) => {
    const lines = readFileSync(join(ROOT, FOLDER, program), "utf8").split("\n");
    const mark = lines.findIndex((line) => MARK.test(line));
    const [, isExplained, words = "no mark"] = MARK.exec(lines[mark] ?? "") ?? [];
    const own = errors.filter((error) => error.startsWith(`${FOLDER}/${program}(`));
    expect(own, own.join("\n")).toHaveLength(1);
    const [error = ""] = own;
    expect(error.length, error).toBeLessThanOrEqual(SHORT);
    expect(isExplained ? error : error.split("\n")[0]).toContain(words);
    expect(error).toContain(`${program}(${mark + 2},`);
  });
});
