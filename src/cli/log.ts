/** `tail`: the log's last events, and those that follow. */

import type { Command } from "commander";
import { queryOf } from "../client/connection.ts";
import { type LogOptions, readLog } from "../client/log.ts";
import { printEvent } from "./events.ts";
import { withExamples } from "./examples.ts";
import { countOf, several } from "./input.ts";
import { type Session, acting } from "./session.ts";

/** Events that are shown before those that follow, unless the call says another number: as of `tail`. */
const LAST = 10;
/** The most that a page may have. */
const PAGE_EVENTS = 1_000;

interface TailFlags {
  readonly type?: readonly string[];
  readonly category?: readonly string[];
  readonly stream?: readonly string[];
  readonly after?: number;
  readonly last: number;
  readonly live: boolean;
}

export function addLogCommands(program: Command): void {
  withExamples(
    program
      .command("tail")
      .description("the last events of the log, then those that follow")
      .option("--type <type>", "only events of this type; may be repeated", several)
      .option("--category <name>", "only events of this category; may be repeated", several)
      .option("--stream <stream>", "only events of this stream; may be repeated", several)
      .option("--last <count>", `how many events come first, at most ${PAGE_EVENTS}`, countOf("--last"), LAST)
      .option("--after <position>", "begin after this position instead; 0 for the whole log", countOf("--after"))
      .option("--no-live", "end with the last event that there is now")
      .action(acting(tail)),
    "tail",
    "tail --category order --type OrderPlaced --type OrderCancelled",
    "tail --after 0 --no-live --json > log.ndjson",
  );
}

async function tail(session: Session, _args: [], { type, category, stream, after, last, live }: TailFlags): Promise<void> {
  const { connection, isJson } = session;
  const filter: LogOptions = {
    ...(type === undefined ? {} : { types: type }),
    ...(category === undefined ? {} : { categories: category }),
    ...(stream === undefined ? {} : { streams: stream }),
  };
  let from = after;
  if (from === undefined) {
    const limit = Math.min(PAGE_EVENTS, Math.max(1, last));
    const { events, head } = await lastEvents(session, queryOf({ type, category, stream, direction: "backward", limit }), last);
    for (const event of events) printEvent(event, isJson);
    if (!live) return;
    from = head;
  }
  for await (const event of readLog(connection, { ...filter, after: from, live })) printEvent(event, isJson);
}

/** Also how far the log was then: what follows begins there, with nothing missing or doubled. */
async function lastEvents({ connection }: Session, query: string, count: number): Promise<{ events: unknown[]; head: number }> {
  const found: unknown[] = [];
  let head: number | undefined;
  // A filtered page may have fewer events than asked for.
  for await (const { body } of connection.pages(`/log${query}`)) {
    head ??= body.head as number;
    found.push(...(body.events as unknown[]));
    if (found.length >= count) break;
  }
  return { events: found.slice(0, count).toReversed(), head: head ?? 0 };
}
