/** Every event names what made it, and its cause is found: nobody has to guess. */

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { prepare } from "../../../src/consumers/schema.ts";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { processorStore as store } from "./support.ts";
import { outside, pay } from "./paying.ts";

beforeAll(() => prepare(env.VIEWS));

/** What made each event, by the members of its meta that the store gives. */
function makers(events: readonly RecordedEvent[]) {
  return events.map(({ type, meta }) => {
    const { $command, $timer, $processor } = meta;
    return [
      type,
      ...Object.entries({ $command, $timer, $processor }).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`])),
    ];
  });
}

/** The causes that the log lacks, of events that no client has caused. */
function lostCauses(events: readonly RecordedEvent[]) {
  const ids = new Set(events.map(({ id }) => id));
  const made = events.filter(({ meta }) => meta.$processor !== undefined || meta.$timer !== undefined);
  expect(made.length).toBeGreaterThan(0);
  return makers(made.filter(({ meta }) => !ids.has(String(meta.causationId))));
}

/** The stream's timers go off now. */
async function timePasses(stub: DurableObjectStub) {
  await runInDurableObject(stub, (_instance, { storage }) => void storage.sql.exec(`UPDATE timers SET due = 1`));
  await runDurableObjectAlarm(stub);
}

describe("an event names what made it:", () => {
  it("the client's command, or nothing if a client appended it", async () => {
    const { post, read, log } = store("made-by-client");
    await read("s", 1);
    await post("/aggregates/counter/c/CountTwice", {});
    expect(makers(await log())).toEqual([["Read"], ["Counted", "$command CountTwice"], ["Counted", "$command CountTwice"]]);
  });

  it("the reactor, and the command that it sent", async () => {
    const { read, wake, log } = store("made-by-reactor");
    await read("s", 200);
    await wake("relay");
    const events = await log();
    expect(makers(events)).toEqual([["Read"], ["Counted", "$command Count", "$processor relay"], ["Raised", "$processor relay"]]);
    expect(lostCauses(events)).toEqual([]);
  });

  it("the effect, for its note and for the outcome", async () => {
    const { read, run, calling, log } = store("made-by-effect");
    await read("s", 1);
    await run(calling(pay, outside().fetch));
    const events = await log();
    expect(makers(events)).toEqual([["Read"], ["$EffectStarted", "$processor pay"], ["Paid", "$processor pay"]]);
    expect(lostCauses(events)).toEqual([]);
  });

  it("the processor that was declared over HTTP", async () => {
    const { send, read, wake, log } = store("made-by-rules");
    await send("PUT", "/streams/copy", {});
    await send("PUT", "/processors/copying", { from: "reading", steps: [{ emit: { to: "copy", type: "'Copied'" } }] });
    await read("s", 1);
    await wake("copying");
    const events = await log();
    expect(makers(events)).toEqual([["Read"], ["Copied", "$processor copying"]]);
    expect(lostCauses(events)).toEqual([]);
  });

  it("the process manager, for its own events and those of the commands that it sent; its timer; the client's command to it", async () => {
    const { post, wake, log, stream } = store("made-by-process");
    await post("/streams/wish/somebody", { type: "Wished", data: { errand: "e", jobs: [{ counter: "a", by: 2 }] } });
    await wake("errand");
    await post("/aggregates/errand/e/Note", { what: "x" });
    await timePasses(stream("errand", "e"));
    const events = await log();
    expect(makers(events)).toEqual([
      ["Wished"],
      ["Begun", "$processor errand"],
      ["$CommandSent", "$processor errand"],
      ["JobAdded", "$command Note"],
      ["TroubleNoted", "$command Note"],
      ["Ended", "$timer RunLate"],
      ["$Completed", "$timer RunLate"],
    ]);
    expect(lostCauses(events)).toEqual([]);
    await wake("errand");
    expect(makers((await log()).filter(({ stream }) => stream === "counter/a"))).toEqual([
      ["Counted", "$command Count", "$processor errand"],
    ]);
  });

  it("the saga, for its steps and for what they undo", async () => {
    const { post, settle, log } = store("made-by-saga");
    await post("/aggregates/purse/a/Put", { amount: 9 });
    await post("/aggregates/purse/b/Freeze", {});
    await post("/sagas/move/m", { from: ["a"], to: "b", amount: 5 }, { prefer: "respond-async" });
    await settle();
    const events = await log();
    const [started, ...rest] = makers(events.filter(({ stream }) => stream === "move/m"));
    expect(started?.slice(1)).toEqual(["$command Start"]);
    const makersOfRest = new Set(rest.map(([, ...by]) => by.join(" ")));
    expect(makersOfRest.isSubsetOf(new Set(["$command Start", "$processor move"]))).toBe(true);
    const [, ...ofPurse] = makers(events.filter(({ stream }) => stream === "purse/a"));
    expect(ofPurse.map(([, command, processor]) => [command?.split(" ")[0], processor])).toEqual([
      ["$command", "$processor move"],
      ["$command", "$processor move"],
    ]);
    expect(lostCauses(events)).toEqual([]);
  });

  it("a timer, with its key if it has one; the cause is what set the timer: the event, or the command that led to none", async () => {
    const { post, log, stream } = store("made-by-timer");
    await post("/aggregates/agenda/1/Plan", { parts: [{ part: "a", in: "1h" }] });
    await post("/aggregates/agenda/2/Plan", { parts: [{ part: "", in: "1h" }] });
    for (const id of ["1", "2"]) await timePasses(stream("agenda", id));
    const events = await log();
    expect(makers(events)).toEqual([
      ["Planned", "$command Plan"],
      ["Planned", "$command Plan"],
      ["Rang", "$timer Ring:a"],
      ["Rang", "$timer Ring"],
    ]);
    expect(lostCauses(events)).toEqual([]);
    await post("/aggregates/reminder/1/Ask", { in: "1h", event: false }, { "idempotency-key": "asked" });
    await timePasses(stream("reminder", "1"));
    expect((await log()).at(-1)).toMatchObject({ type: "Reminded", meta: { $timer: "Remind", causationId: "asked" } });
  });

  it.each(["$command", "$timer", "$processor", "$lineage"])("a client cannot claim to be that: %s", async (name) => {
    const { post } = store("made-by-claim");
    const answer = await post("/streams/reading/s", { type: "Read", data: { value: 1 }, meta: { [name]: "x" } });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(`${name} is recorded by the store`)]);
  });
});
