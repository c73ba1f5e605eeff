/** What `check` finds: for a person a line with what to do about it, for a program one object. */

import { paint, plain, print, toJson } from "../terminal.ts";

/** `breaks`: do not deploy this. `costs`: it works, after work that somebody should know of. `note`: nothing happens to what is stored. */
export type Severity = "breaks" | "costs" | "note";

export interface Finding {
  readonly severity: Severity;
  /** What scripts may branch on. */
  readonly code: string;
  /** The part that it is about: `order`, `order/OrderPlaced`, the name of a consumer. */
  readonly about: string;
  /** What was found, and what follows from it. */
  readonly what: string;
  /** What a person can do about it. */
  readonly remedy: string;
  /** For programs: the first event, counts. */
  readonly details?: Readonly<Record<string, unknown>>;
}

const ORDER: readonly Severity[] = ["breaks", "costs", "note"];
const COLOURS = { breaks: "red", costs: "yellow", note: "dim" } as const;

export function inOrder(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}

/** Whether it was named as meant: by its code, or by its code and what it is about. */
export function isAllowed({ code, about }: Finding, allowed: readonly string[]): boolean {
  return allowed.includes(code) || allowed.includes(`${code}:${about}`);
}

export function printFinding(finding: Finding, allowed: boolean, isJson: boolean): void {
  const { severity, code, about, what, remedy, details } = finding;
  if (isJson) return print(toJson({ severity, code, about, what, remedy, ...details, ...(allowed ? { allowed } : {}) }));
  print(`${paint(COLOURS[severity], allowed ? `${severity} (allowed)` : severity)} ${paint("bold", code)}: ${plain(what)}.`);
  print(`    ${plain(remedy)}`);
}

/** `1 event`, `1,204 events`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

export function listed(names: readonly string[]): string {
  const quoted = names.map((name) => `\`${name}\``);
  return quoted.length < 2 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")} and ${quoted.at(-1)}`;
}
