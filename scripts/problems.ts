/** The table of docs/http-api.md that lists every problem. `npm run strings` writes it, from the table of the code. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROBLEM_CODES, kindOfProblem, membersOfProblem } from "../src/http/problem.ts";

export const PAGE = join(import.meta.dirname, "../docs/http-api.md");

const HEAD = "| status | code | when | further members |\n|---|---|---|---|\n";

/** The page, with the table as it should be. */
export function withProblems(page: string): string {
  const begin = page.indexOf(HEAD) + HEAD.length;
  if (begin < HEAD.length) throw new Error(`${PAGE} has no table of problems`);
  const after = page.slice(begin).replace(/^(?:\|.*\n)*/, "");
  const rows = PROBLEM_CODES.map((code) => {
    const { status, when } = kindOfProblem(code);
    const members = membersOfProblem(code).map((member) => `\`${member}\``);
    return `| ${status} | \`${code}\` | ${when} | ${members.join(", ")} |\n`;
  });
  return page.slice(0, begin) + rows.join("") + after;
}

if (import.meta.main) writeFileSync(PAGE, withProblems(readFileSync(PAGE, "utf8")));
