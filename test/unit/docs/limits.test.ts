/** The page of limits names numbers that the code has. */

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");

it("docs/limits.md names no constant that src does not declare", () => {
  const page = readFileSync(join(ROOT, "docs/limits.md"), "utf8");
  const named = [...page.matchAll(/^\| ((?:`[A-Z0-9_]+`(?:, )?)+) \|/gm)].flatMap(([, names = ""]) =>
    names.replaceAll("`", "").split(", "),
  );
  const source = globSync("src/**/*.ts", { cwd: ROOT })
    .map((file) => readFileSync(join(ROOT, file), "utf8"))
    .join("\n");
  const declared = new Set([...source.matchAll(/\bconst ([A-Z0-9_]+)\b/g)].map(([, name]) => name));
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((name) => !declared.has(name))).toEqual([]);
});
