/** What can go wrong in a call of the command line, as one line for people or one JSON document for programs, and the exit status. */

import { HeadspringError } from "../client/problem.ts";
import { PROBLEM_CODES, kindOfProblem } from "../http/problem.ts";
import { note, paint, plain, toJson } from "./terminal.ts";

/** For scripts. */
export const EXIT = {
  done: 0,
  /** Refused by a business rule, or failed. */
  failed: 1,
  /** The call itself is wrong: nothing was sent. */
  usage: 2,
  /** A person has said no, or pressed Ctrl-C: as shells report SIGINT. */
  interrupted: 130,
} as const;

/** The arguments are wrong in a way that commander cannot know. */
export class UsageError extends Error {}

/** A person has answered a question with no. */
export class Cancelled extends Error {}

/** Remedies that differ from what the store says to a program: what helps a person at a terminal. */
const REMEDIES: Readonly<Record<string, string>> = {
  unreachable: "Is the store running there? `--url` or HEADSPRING_URL names another address.",
  "unexpected-answer": "Something else than a Headspring store answers there: check `--url` or HEADSPRING_URL.",
  unauthorized: "Give a token: `--token` or HEADSPRING_TOKEN. `headspring token` makes one.",
};

const HELP = " `--help` shows how it is called.";

function remedyOf(code: string): string | undefined {
  const known = PROBLEM_CODES.find((one) => one === code);
  return REMEDIES[code] ?? (known && kindOfProblem(known).remedy);
}

/** One line: what was wrong, and what to do about it. With `--json` one JSON document. Both go to stderr. */
export function reportFailure(error: unknown, isJson: boolean): void {
  if (error instanceof HeadspringError) {
    const remedy = remedyOf(error.code);
    const { code, status, message } = error;
    if (isJson) note(toJson({ ...error.problem, code, status, detail: message, remedy }));
    else note(line(code, `${sentence(message + issuesOf(error))}${remedy === undefined ? "" : ` ${remedy}`}`));
    return;
  }
  const code = error instanceof UsageError ? "usage" : "failed";
  const detail = error instanceof Error ? error.message : String(error);
  note(isJson ? toJson({ code, detail }) : line(code, `${sentence(detail)}${error instanceof UsageError ? HELP : ""}`));
}

function line(code: string, text: string): string {
  return `${paint("red", code, process.stderr)}: ${plain(text)}`;
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

/** Where the sent data is wrong, unless the detail says so already. */
function issuesOf({ problem, message }: HeadspringError): string {
  const issues = (Array.isArray(problem.issues) ? problem.issues : []) as { path?: unknown; message?: string }[];
  const missing = issues.filter((issue) => !message.includes(issue.message ?? ""));
  return missing.length === 0 ? "" : ` (${missing.map(({ path, message: what }) => `${String(path)}: ${what}`).join("; ")})`;
}
