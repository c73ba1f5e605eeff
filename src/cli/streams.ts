/** Commands about one stream: read it, append to it, ask an aggregate, see its state. */

import type { Command } from "commander";
import { newKey } from "../client/key.ts";
import { StreamHandle } from "../client/stream.ts";
import type { Refused, Stored, WriteOptions } from "../client/types.ts";
import { EXIT, UsageError } from "./failure.ts";
import { printEvent } from "./events.ts";
import { withExamples } from "./examples.ts";
import { countOf, ifMatchOf, jsonOf, jsonValuesOf, several, streamOf } from "./input.ts";
import { type Session, acting } from "./session.ts";
import { note, paint, print, printPretty, shown, toJson } from "./terminal.ts";

interface WriteFlags {
  readonly ifMatch?: number | "*" | "absent";
  readonly key?: string;
}

export function addStreamCommands(program: Command): void {
  withExamples(
    program
      .command("read <stream>")
      .description("the events of a stream")
      .option("--from <version>", "the first version", countOf("--from"))
      .option("--to <version>", "the last version", countOf("--to"))
      .option("--type <type>", "only events of this type; may be repeated", several)
      .option("--limit <count>", "at most so many events", countOf("--limit"))
      .option("--backward", "the last one first")
      .action(acting(read)),
    "read order/42",
    "read order/42 --backward --limit 1",
    "read order/42 --json | jq .data",
  );
  writing(
    program.command("append <stream> [type] [data]").description("appends events to a stream of a plain category").action(acting(append)),
    `append reading/sensor-1 TemperatureRead '{"celsius": 21}'`,
    `append reading/sensor-1 '{"type": "TemperatureRead", "data": {"celsius": 21}, "time": "2026-11-21T06:00:00Z"}'`,
    "append reading/sensor-1 - < events.ndjson",
  );
  writing(
    program
      .command("command <stream> <command> [data]")
      .description("sends a command to an aggregate")
      .option("--dry-run", "shows what it would do; nothing is stored")
      .action(acting(command)),
    `command product/apple ReceiveStock '{"quantity": 10}'`,
    "command order/42 PlaceOrder - < order.json",
    `command order/42 CancelOrder --dry-run`,
  );
  withExamples(
    program
      .command("state <stream>")
      .description("the state of an aggregate")
      .option("--at <version>", "as it was at this version", countOf("--at"))
      .action(acting(state)),
    "state order/42",
    "state order/42 --at 1",
  );
}

function writing(one: Command, ...examples: string[]): void {
  withExamples(
    one
      .option("--if-match <version>", "only if the stream has this version; *: it exists; absent: it does not", ifMatchOf)
      .option("--key <key>", "an idempotency key: a second call with the same one stores nothing"),
    ...examples,
  );
}

function handleOf(session: Session, stream: string): StreamHandle {
  const { category, id } = streamOf(stream);
  return new StreamHandle(session.connection, category, id);
}

function optionsOf({ ifMatch, key }: WriteFlags): WriteOptions {
  return { ...(ifMatch === undefined ? {} : { ifMatch }), ...(key === undefined ? {} : { idempotencyKey: key }) };
}

interface ReadFlags {
  readonly from?: number;
  readonly to?: number;
  readonly type?: readonly string[];
  readonly limit?: number;
  readonly backward?: boolean;
}

async function read(session: Session, [stream]: [string], { from, to, type, limit = Infinity, backward }: ReadFlags): Promise<void> {
  const window = {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(type === undefined ? {} : { types: type }),
    ...(backward ? { direction: "backward" as const } : {}),
  };
  let count = 0;
  if (limit === 0) return;
  for await (const event of handleOf(session, stream).events(window)) {
    printEvent(event, session.isJson);
    if (++count >= limit) return;
  }
}

async function append(session: Session, [stream, type, data]: [string, string?, string?], flags: WriteFlags): Promise<void> {
  if (type === undefined) throw new UsageError("what should be appended? An event type and its data, events as JSON, or - for stdin");
  const isEvents = type === "-" || /^\s*[[{]/.test(type);
  if (isEvents && data !== undefined) throw new UsageError("events as JSON, or an event type and its data, but not both");
  const events = isEvents ? eventsIn(jsonValuesOf(type)) : { type, data: data === undefined ? {} : jsonOf(data) };
  printStored(await handleOf(session, stream).append(events, optionsOf(flags)), session);
}

/** One event, a list of events, or the body of a request with them. */
function eventsIn(value: unknown): object | object[] {
  const events = typeof value === "object" && value !== null && "events" in value ? value.events : value;
  const list: unknown[] = Array.isArray(events) ? events : [events];
  if (list.length === 0 || !list.every((one) => typeof one === "object" && one !== null && "type" in one))
    throw new UsageError('an event is a JSON object such as {"type": "TemperatureRead", "data": {"celsius": 21}}');
  return list;
}

async function command(
  session: Session,
  [stream, name, data = "{}"]: [string, string, string?],
  { dryRun, ...flags }: WriteFlags & { readonly dryRun?: boolean },
): Promise<void> {
  const input = jsonOf(data);
  if (dryRun) return tryOut(session, stream, name, input);
  const result = await handleOf(session, stream).command(name, input, optionsOf(flags));
  if (result.ok) return printStored(result, session);
  printRefusal(result, session);
}

async function tryOut({ connection, isJson }: Session, stream: string, name: string, body: unknown): Promise<void> {
  const { category, id } = streamOf(stream);
  const path = `/aggregates/${encodeURIComponent(category)}/${encodeURIComponent(id)}/${encodeURIComponent(name)}?dryRun=true`;
  const { body: answer } = await connection.send(path, { method: "POST", body, headers: { "idempotency-key": newKey() } });
  if (isJson) print(toJson(answer));
  else printPretty(answer);
  if (answer.outcome === "refused") process.exitCode = EXIT.failed;
}

function printStored(stored: Stored, { isJson }: Session): void {
  if (isJson) return print(toJson(stored));
  const { stream, version, position, events, replayed } = stored;
  for (const event of events) print(`${paint("dim", `${stream}@${event.version}`)}  ${shown(event.type)}`);
  const where = position === undefined ? "" : `, position ${position}`;
  if (replayed) note("it was stored before: nothing is new");
  else if (events.length === 0) note(`nothing happened: ${plainStream(stream)} stays at version ${version}`);
  else note(`${plainStream(stream)} is at version ${version}${where}`);
}

function plainStream(stream: string): string {
  return shown(stream);
}

function printRefusal(refused: Refused, { isJson }: Session): void {
  process.exitCode = EXIT.failed;
  if (isJson) return print(toJson(refused));
  note(`${paint("yellow", "refused", process.stderr)}: ${shown(refused.reason)} ${shown(refused.details)}`.trimEnd());
}

async function state(session: Session, [stream]: [string], { at }: { readonly at?: number }): Promise<void> {
  const found = await handleOf(session, stream).state(at === undefined ? {} : { version: at });
  if (found === undefined) throw new Error(`there is no stream ${stream}`);
  if (session.isJson) print(toJson(found));
  else printPretty(found);
}
