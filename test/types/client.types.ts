/** The client's types are the app's: what the app does not have does not compile, and what it has is typed to the last field. */

import { type Client, type Outbox, createClient } from "../../src/client/index.ts";
import { event } from "../../src/index.ts";
import { useCommand } from "../../src/react/index.ts";
import type { app } from "../workers/app.ts";

const client = createClient<typeof app>("https://store.example.com", { token: () => "token", store: "s" });

export async function right(): Promise<string> {
  const counted = await client.counter("a").Count({ by: 2 });
  await client.counter("a").Count();
  await client.counter("a").Count(undefined, { ifMatch: "absent" });
  await client.counter("a").CountTwice();
  const total: number | undefined = (await client.counter("a").state())?.state.total;
  await client.reading("s").append(event("Read", { value: 1 }));
  await client.reading("s").append([{ type: "Calibrated", data: {} }]);
  const row = await client.views.totals.get("a", { after: counted });
  const { rows } = await client.views.totals.list({ "total.gte": 3, big: [true, false], "note.is": "null" }, { sort: ["-total"] });
  const versions: readonly number[] | undefined = rows[0]?.versions;
  for await (const change of client.views.totals.live({ counter: "a" })) {
    if (change.type === "rows") return change.rows.get("a")?.note ?? "";
    if (change.type === "row") return change.row.counter;
  }
  for await (const { type, data } of client.log({ types: ["Read", "Counted"] })) {
    if (type === "Read") return String(data.value);
    return String(data.total);
  }
  await client.views["customer-totals"].query("top");
  await client.views["customer-totals"].query("top", { count: 3 }, { consistency: "strong" });
  const days = await client.views["sales-per-day"].query("running", { from: "2026-11-01", to: "2026-11-30" }, { after: counted });
  if (days[0]) return JSON.stringify(days[0].total);
  for await (const event of client.streams.tour("a").events()) {
    if (event.type === "SagaFailed") return event.data.reason;
    if (event.type === "$CommandSent") return String(event.data);
  }
  const begun = await client.errand("a").Note({ what: "it rains" });
  if (begun.ok && begun.events[0]?.type === "TroubleNoted") await client.tour("a").Start({ stops: ["a"] });
  for await (const event of client.log({ types: ["JobDone", "SagaFailed"] })) {
    if (event.type === "JobDone") return String(event.data.by);
  }
  const sent = await client.counter("a").Count({ by: 2 }, { respondAsync: true, ifMatch: 1 });
  await client.views.totals.get("a", { after: sent });
  const outcome = await client.outcome({ stream: sent.stream, commandId: sent.commandId }, { wait: 10 });
  if (outcome.status === "refused") return outcome.reason;
  if (outcome.status === "accepted") return String(outcome.version);
  if (!counted.ok) return counted.reason;
  const type: "Counted" | undefined = counted.events[0]?.type;
  return `${total} ${row?.total} ${versions?.length} ${type}`;
}

/** Taken as a function, a command has its usual result. */
export async function taken(): Promise<string> {
  const { Count } = client.counter("a");
  const { result, run } = useCommand(Count);
  if (result?.ok === false) return result.reason;
  const again = await run({ by: 2 }, { ifMatch: 1 });
  if (again?.ok) return String(again.version);
  const described = (one: Awaited<ReturnType<typeof Count>>) => (one.ok ? String(one.version) : one.reason);
  return described(await Count());
}

export async function wrong(): Promise<void> {
  // @ts-expect-error whether it was accepted is not known yet
  void (await client.counter("a").Count({}, { respondAsync: true })).ok;
  // @ts-expect-error a misspelt option next to one that is right
  await client.counter("a").Count({}, { respondAsync: true, ifMatched: 1 });
  // @ts-expect-error the type of the result must be known
  await client.counter("a").Count({}, { respondAsync: Math.random() > 0.5 });
  // @ts-expect-error an append has no outcome
  await client.reading("s").append(event("Read", { value: 1 }), { respondAsync: true });
  // @ts-expect-error no such category
  client.account("a");
  // @ts-expect-error no such command
  await client.counter("a").Cuont();
  // @ts-expect-error a field of another type
  await client.counter("a").Count({ by: "two" });
  // @ts-expect-error an unknown field
  await client.counter("a").Count({ by: 2, to: 3 });
  // @ts-expect-error a command that needs data
  await client.reminder("a").Ask();
  // @ts-expect-error what another process than this one takes
  await client.errand("a").Start({ stops: ["a"] });
  // @ts-expect-error the input of a saga
  await client.tour("a").Start({ stop: "a" });
  // @ts-expect-error a timer of a process manager: no client can send it
  await client.errand("a").RunLate();
  // @ts-expect-error an aggregate takes no events
  await client.counter("a").append(event("Counted", { by: 1, total: 1 }));
  // @ts-expect-error an event of another category
  await client.reading("s").append({ type: "Raised", data: { from: "a", value: 1 } });
  // @ts-expect-error no such view
  await client.views.total.get("a");
  // @ts-expect-error no such column
  await client.views.totals.list({ colour: "red" });
  // @ts-expect-error a value of another type
  await client.views.totals.list({ "total.gte": "3" });
  // @ts-expect-error no such query
  await client.views["customer-totals"].query("bottom");
  // @ts-expect-error a view without queries
  await client.views.stock.query("top");
  // @ts-expect-error no such parameter
  await client.views["customer-totals"].query("top", { cuont: 3 });
  // @ts-expect-error parameters that must be there
  await client.views["sales-per-day"].query("running");
  // @ts-expect-error a parameter of another type
  await client.views["sales-per-day"].query("running", { from: 1, to: 2 });
  // @ts-expect-error an event type that the app does not have
  client.log({ types: ["Rad"] });
  // @ts-expect-error the answer may be a refusal
  (await client.counter("a").Count()).version.toFixed();
  // @ts-expect-error states are readonly
  (await client.counter("a").state())!.state.total = 3;
}

/** An outbox has the client's writes, and nothing else. */
export async function ofAnOutbox(outbox: Outbox<typeof app>): Promise<void> {
  const counted = await outbox.counter("a").Count({ by: 2 }, { ifMatch: 3, idempotencyKey: "k" });
  if (counted.ok) counted.events.map(({ type }) => type satisfies "Counted");
  await outbox.reading("s").append({ type: "Read", data: { value: 1 } });
  await outbox.tour("a").Start({ stops: ["a"] });
  outbox.over(client.views.totals, (rows, command) => {
    if (command.command === "Count") rows.set(command.id, { ...rows.get(command.id)!, total: command.data.by ?? 1 });
    // @ts-expect-error no such command
    if (command.command === "Cuont") rows.clear();
    // @ts-expect-error no such column
    rows.set(command.id, { ...rows.get(command.id)!, totl: 3 });
  });
  outbox.over(client.views.totals, (rows: Map<string, { counter: string; isPending?: true }>, { id }) =>
    rows.set(id, { counter: id, isPending: true }),
  );
  // @ts-expect-error no such command
  await outbox.counter("a").Cuont({ by: 2 });
  // @ts-expect-error an outbox has the outcome when it has the answer
  await outbox.counter("a").Count({}, { respondAsync: true });
  // @ts-expect-error data of another type
  await outbox.counter("a").Count({ by: "2" });
  // @ts-expect-error it ends nobody's waiting
  await outbox.counter("a").Count({ by: 2 }, { signal: AbortSignal.abort() });
  // @ts-expect-error a read
  await outbox.counter("a").state();
  // @ts-expect-error an aggregate takes no events
  await outbox.counter("a").append({ type: "Counted", data: { by: 1, total: 1 } });
}

/** Generic code names the type of a client. */
export const named: Client<typeof app> = client;
