/** What an operator does with consumers: looks at them, stops them, lets them go on, builds views again. */

import type { Command } from "commander";
import { pause } from "../client/pause.ts";
import { problemOf } from "../client/problem.ts";
import { withExamples } from "./examples.ts";
import { countOf } from "./input.ts";
import { progressOf } from "./progress.ts";
import { ask } from "./question.ts";
import { type Session, acting } from "./session.ts";
import { note, print, printPretty, printTable, shown, toJson } from "./terminal.ts";

/** Milliseconds between two looks at a rebuild. Ours. */
const LOOK_EVERY_MS = 500;

interface Consumer {
  readonly name: string;
  readonly kind: string;
  readonly status: string;
  readonly position: number;
  readonly head: number;
  readonly lag: number;
  readonly lagSeconds: number;
  readonly stale?: boolean;
  readonly rebuild?: { readonly status: string; readonly position: number; readonly head: number; readonly estimatedEnd?: string };
  readonly lastError?: {
    readonly message: string;
    readonly event?: { readonly position: number; readonly stream: string; readonly type: string };
  };
  readonly warning?: string;
}

interface ActionFlags {
  readonly position?: number;
  readonly yes?: boolean;
}

export function addOperationCommands(program: Command): void {
  withExamples(
    program.command("consumers [name]").description("how far views, processors and webhooks are").action(acting(consumers)),
    "consumers",
    "consumers stock",
    "consumers --json | jq 'select(.status == \"failed\")'",
  );
  const simple: readonly [name: string, description: string][] = [
    ["pause", "stops a consumer"],
    ["resume", "lets a consumer continue where it was"],
    ["retry", "tries the event that has failed again, with all attempts ahead"],
  ];
  for (const [name, description] of simple) {
    withExamples(
      program
        .command(`${name} <consumer>`)
        .description(description)
        .action(acting((session, [of]: [string]) => act(session, of, name))),
      `${name} stock`,
    );
  }
  withExamples(
    asking(program.command("skip <consumer>").description("skips the event that has failed"), "the failed event's").action(acting(skip)),
    "skip stock",
    "skip stock --position 17 --yes",
  );
  withExamples(
    asking(
      program.command("reset <consumer>").description("lets a consumer process again what comes after a position"),
      "0 without it: the",
    ).action(acting(reset)),
    "reset fulfilment",
    "reset fulfilment --position 1200 --yes",
  );
  withExamples(
    program
      .command("rebuild <view>")
      .description("builds a view again, while its rows continue to answer, and waits until it is done")
      .option("--no-wait", "ends when it has begun")
      .action(acting(rebuild)),
    "rebuild stock",
  );
  withExamples(
    program.command("webhooks [id]").description("webhooks, or all about one").action(acting(webhooks)),
    "webhooks",
    "webhooks shipping --json",
  );
}

function asking(command: Command, which: string): Command {
  return command
    .option("--position <position>", `${which} position`, countOf("--position"))
    .option("--yes", "does not ask first: for scripts");
}

async function consumers(session: Session, [name]: [string?]): Promise<void> {
  if (name !== undefined) return printOne(await consumerOf(session, name), session);
  const { body } = await session.connection.send("/consumers");
  const all = body.consumers as readonly Consumer[];
  if (session.isJson) for (const one of all) print(toJson(one));
  else printTable(all.map(summaryOf));
}

function summaryOf({ name, kind, status, position, lag, lagSeconds, lastError }: Consumer): Record<string, unknown> {
  return { name, kind, status, position, lag, seconds: Math.round(lagSeconds), "last error": lastError?.message };
}

async function consumerOf({ connection }: Session, name: string): Promise<Consumer> {
  return (await connection.send(`/consumers/${encodeURIComponent(name)}`)).body as Consumer;
}

function printOne(value: object, { isJson }: Session): void {
  if (isJson) print(toJson(value));
  else printPretty(value);
}

/** Once: what a second call would do is for the person to decide. */
async function post({ connection }: Session, path: string, body: object = {}): Promise<unknown> {
  const response = await connection.open(path, { method: "POST", body });
  if (!response.ok) throw await problemOf(response);
  return response.json();
}

async function act(session: Session, name: string, action: string, body: object = {}): Promise<void> {
  const after = (await post(session, `/consumers/${encodeURIComponent(name)}/${action}`, body)) as Consumer;
  if (session.isJson) return print(toJson(after));
  printTable([summaryOf(after)]);
  if (after.warning !== undefined) note(shown(after.warning));
}

async function skip(session: Session, [name]: [string], { position, yes }: ActionFlags): Promise<void> {
  const { lastError } = await consumerOf(session, name);
  const failed = position ?? lastError?.event?.position;
  const { event } = lastError ?? {};
  if (!yes && event !== undefined && event.position === failed)
    note(shown(`${event.type} of ${event.stream} at position ${event.position} has failed: ${lastError!.message}`));
  await ask(`Make ${name} pass over ${failed === undefined ? "what has failed" : `the event at position ${failed}`} for good?`, yes);
  await act(session, name, "skip", failed === undefined ? {} : { position: failed });
}

async function reset(session: Session, [name]: [string], { position, yes }: ActionFlags): Promise<void> {
  const body = position === undefined ? {} : { position };
  const path = `/consumers/${encodeURIComponent(name)}/reset?dryRun=true`;
  const counted = (await post(session, path, body)) as { from: number; events: number; position: number; to: number };
  const least = counted.position < counted.to ? "at least " : "";
  const question = `${name} begins again after position ${counted.from}: ${least}${counted.events} events run again. Go on?`;
  if (yes && !session.isJson) note(`${name} begins again after position ${counted.from}: ${least}${counted.events} events run again`);
  await ask(question, yes);
  await act(session, name, "reset", body);
}

async function rebuild(session: Session, [view]: [string], { wait }: { readonly wait: boolean }): Promise<void> {
  const begun = await post(session, `/views/${encodeURIComponent(view)}/rebuild`);
  if (!wait) return printOne(begun as object, session);
  const progress = progressOf(`building ${shown(view)}`, "positions");
  try {
    for (;;) {
      const one = await consumerOf(session, view);
      const { rebuild: building } = one;
      if (building === undefined) {
        progress.end();
        if (session.isJson) return print(toJson(one));
        return note(`${shown(view)} is built, up to position ${one.position}`);
      }
      if (building.status !== "building")
        throw new Error(`the rebuild of ${view} is ${building.status}: \`headspring consumers ${view}\` shows why`);
      progress.at(
        building.position,
        building.head,
        building.estimatedEnd === undefined ? "" : `, until ${building.estimatedEnd.slice(11, 19)}`,
      );
      await pause(LOOK_EVERY_MS);
    }
  } finally {
    progress.end();
  }
}

interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly status: string;
  readonly position: number;
  readonly pending: number;
  readonly parked: number;
  readonly totals: { readonly delivered: number };
  readonly lastError?: { readonly message?: string; readonly error?: string };
}

async function webhooks(session: Session, [id]: [string?]): Promise<void> {
  const { connection, isJson } = session;
  if (id !== undefined) return printOne((await connection.send(`/webhooks/${encodeURIComponent(id)}`)).body as object, session);
  const { body } = await connection.send("/webhooks");
  const all = body.webhooks as readonly Webhook[];
  if (isJson) for (const one of all) print(toJson(one));
  else if (all.length === 0) note("no webhooks");
  else
    printTable(
      all.map(({ id, url, status, position, pending, parked, totals }) => ({
        id,
        url,
        status,
        position,
        pending,
        parked,
        delivered: totals.delivered,
      })),
    );
}
