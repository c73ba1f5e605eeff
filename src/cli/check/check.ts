/** `check`: the app's code alone, or against what a store has. Reads, and changes nothing. */

import type { Connection } from "../../client/connection.ts";
import { HeadspringError } from "../../client/problem.ts";
import { EXIT, UsageError } from "../failure.ts";
import { note, shown } from "../terminal.ts";
import { compareCategories } from "./compare-categories.ts";
import { compareConsumers } from "./compare-consumers.ts";
import { compareVersions } from "./compare-versions.ts";
import { type Deployed, readDeployed } from "./deployed.ts";
import { type Finding, counted, inOrder, isAllowed, printFinding } from "./finding.ts";
import type { Inspected } from "./inspect.ts";
import { type Loaded, loadApp } from "./load-app.ts";
import { type Part, type Stored, hasEvents, hasStreams, readStored } from "./stored.ts";

export interface CheckFlags {
  readonly app?: string;
  readonly sample?: number;
  readonly since?: string;
  readonly allow?: readonly string[];
}

/** Where the store is. */
export interface Target {
  readonly url: string;
  readonly connection: Connection;
  /** The deployment, whatever the store. */
  readonly service: Connection;
}

/** @param target undefined: the code alone */
export async function check(target: Target | undefined, { app: file, allow = [], ...part }: CheckFlags, version: string, isJson: boolean) {
  if (target === undefined && (part.sample !== undefined || part.since !== undefined))
    throw new UsageError("--sample and --since are about a store's log: --against names the store");
  if (part.sample === 0) throw new UsageError("--sample takes a number of one or more");
  if (part.since !== undefined && Number.isNaN(Date.parse(part.since)))
    throw new UsageError(`--since takes a time such as 2026-11-01T00:00:00Z, not "${part.since}"`);
  const loaded = await loadApp(process.cwd(), file);
  const { app } = loaded;
  if (app === undefined)
    return conclude(
      loaded.mistakes.map((mistake) => mistakeIn(loaded, mistake)),
      allow,
      isJson,
      "",
    );
  if (target === undefined) return conclude([], allow, isJson, `${loaded.file} has ${partsOf(app)}: nothing would stop it at its start`);

  const { findings, events, head } = await findingsAgainst(target, app, part, version);
  const read = `${counted(events, "event")} of ${head.toLocaleString("en")} read`;
  conclude(findings, allow, isJson, `${loaded.file} breaks nothing of what is stored at ${shown(target.url)} (${read})`);
  if (!isJson && findings.length > 0) note(read);
}

interface Compared {
  readonly findings: readonly Finding[];
  /** Events that were read, of `head`. */
  readonly events: number;
  readonly head: number;
}

/** What the app's code would do to what the store has. @param version of this package */
export async function findingsAgainst(
  { connection, service }: Omit<Target, "url">,
  code: Inspected,
  part: Part,
  version: string,
): Promise<Compared> {
  let deployed: Deployed;
  let stored: Stored;
  try {
    const names = code.categories.map(({ name }) => name);
    deployed = await readDeployed(connection, service, names);
    stored = await readStored(connection, code, deployed.head, part);
  } catch (error) {
    if (!(error instanceof HeadspringError) || error.code !== "stored-by-newer-code") throw error;
    return { findings: [refusedThere(error)], events: 0, head: 0 };
  }
  const elsewhere = {
    streams: (category: string) => hasStreams(connection, category),
    events: (category: string, type: string) => hasEvents(connection, category, type),
  };
  const findings = [
    ...compareVersions(version, code, deployed),
    ...(await compareCategories(code, deployed, stored, elsewhere)),
    ...compareConsumers(code, deployed, stored),
  ];
  return { findings, events: stored.events, head: deployed.head };
}

function conclude(findings: readonly Finding[], allow: readonly string[], isJson: boolean, clean: string): void {
  for (const finding of inOrder(findings)) printFinding(finding, isAllowed(finding, allow), isJson);
  const breaking = findings.filter((finding) => finding.severity === "breaks" && !isAllowed(finding, allow)).length;
  if (breaking > 0) process.exitCode = EXIT.failed;
  if (!isJson && findings.length === 0) note(clean);
}

function mistakeIn({ file }: Loaded, { message, at }: { readonly message: string; readonly at?: string }): Finding {
  return {
    severity: "breaks",
    code: "definition-mistake",
    about: at ?? file,
    what: `${at ?? file}: ${message}`.replace(/\.$/, ""),
    remedy: "The worker would not start.",
    details: at === undefined ? {} : { at },
  };
}

/** The deployment runs code that is older than what is stored there. */
function refusedThere({ message }: HeadspringError): Finding {
  return {
    severity: "breaks",
    code: "stored-by-newer-code",
    about: "package",
    what: `the deployment cannot read what is stored there: ${message.replace(/\.$/, "")}`,
    remedy: "Deploy a version of the package that knows it; this check can only compare what the deployment can read.",
  };
}

function partsOf({ categories, views, processors, webhooks }: Inspected): string {
  const plain = categories.filter(({ kind }) => kind === "plain").length;
  // A process manager is one, too, and counts as what it was declared as.
  const processes = processors.filter(({ kind }) => kind === "process-manager" || kind === "saga").length;
  const aggregates = categories.length - plain - processes;
  return [
    counted(aggregates, "aggregate"),
    `${plain} plain ${plain === 1 ? "category" : "categories"}`,
    counted(views.length, "view"),
    counted(processors.length, "processor"),
    counted(webhooks.length, "webhook"),
  ]
    .filter((part) => !part.startsWith("0 "))
    .join(", ");
}
