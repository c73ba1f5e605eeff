import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { RecordedEvent } from "../../../src/event.ts";
import { eventually, quietStore } from "../delivery/support.ts";
import { NOBODY, clumsy } from "../errand.ts";
import { read } from "../support.ts";

afterEach(() => {
  vi.restoreAllMocks();
  Object.assign(clumsy, { at: "", correlation: false });
});

interface Job {
  readonly counter: string;
  readonly by: number;
  readonly how?: string;
}

function errands(name: string) {
  const store = quietStore(name);
  const say = (by: string, type: string, data: object) => store.post(`/streams/wish/${by}`, { type, data });
  return {
    ...store,
    say,
    wish: (errand: string, jobs: readonly Job[], more: object = {}) => say("someone", "Wished", { errand, jobs, ...more }),
    run: () => store.wake("errand"),
    errand: (id: string) => store.json(`/aggregates/errand/${id}`),
    history: async (id: string): Promise<RecordedEvent[]> => (await store.json(`/streams/errand/${id}?limit=1000`)).events,
    types: async (id: string): Promise<string[]> =>
      (await store.json(`/streams/errand/${id}?limit=1000`)).events.map(({ type }: RecordedEvent) => type),
  };
}

describe("an instance of a process manager", () => {
  it("is begun by an event, sends commands, hears that they were carried out, and is complete", async () => {
    const { wish, run, errand, types, json } = errands("whole");
    await wish("e", [
      { counter: "a", by: 2 },
      { counter: "b", by: 3 },
    ]);
    await run();
    await run();
    expect(await types("e")).toEqual([
      "Begun",
      "$CommandSent",
      "$CommandSent",
      "$CommandAccepted",
      "JobDone",
      "$CommandAccepted",
      "JobDone",
      "Ended",
      "$Completed",
    ]);
    expect(await errand("e")).toEqual({
      stream: "errand/e",
      version: 9,
      state: { status: "done", open: 0, sum: 5, troubles: [] },
      status: "completed",
    });
    expect((await json("/aggregates/counter/a")).state).toEqual({ total: 2 });
  });

  it("shows over HTTP what it waits for: timers and commands in flight", async () => {
    const { wish, run, errand, json } = errands("waits");
    await wish("e", [{ counter: "a", by: 2 }]);
    await run();
    const now = await errand("e");
    expect(now).toEqual({
      stream: "errand/e",
      version: 2,
      state: { status: "running", open: 1, sum: 0, troubles: [] },
      status: "running",
      inFlight: [{ commandId: expect.any(String), stream: "counter/a", command: "Count", data: { by: 2 } }],
      timers: [{ command: "RunLate", due: expect.any(String), data: {} }],
    });
    await run();
    expect(await errand("e")).not.toHaveProperty("inFlight");
    expect(await json("/aggregates/errand/e?version=2")).toMatchObject({ state: { open: 1 }, inFlight: [{ stream: "counter/a" }] });
  });

  it("ties all that it causes together: correlation copied, each step naming the one before as its cause", async () => {
    const { wish, run, history, log } = errands("causes");
    await wish("e", [{ counter: "a", by: 2 }]);
    await run();
    await run();
    const events = (await log()) as unknown as RecordedEvent[];
    const [wished, begun, sent, counted, accepted] = events;
    expect(events.slice(0, 5).map(({ type }) => type)).toEqual(["Wished", "Begun", "$CommandSent", "Counted", "$CommandAccepted"]);
    expect(new Set(events.slice(1).map(({ meta }) => meta.correlationId))).toEqual(new Set([wished?.id]));
    expect([begun, sent].map((one) => one?.meta.causationId)).toEqual([wished?.id, wished?.id]);
    expect(counted?.meta.causationId).toBe(sent?.id);
    expect(accepted?.meta.causationId).toBe(sent?.id);
    expect((await history("e"))[1]?.data).toEqual({
      commandId: expect.any(String),
      aggregate: "counter",
      id: "a",
      command: "Count",
      data: { by: 2 },
    });
  });

  it("gets refusals back as input, with what it had asked", async () => {
    const { wish, run, errand, types } = errands("refusal");
    await wish("e", [{ counter: "a", by: 5_000 }]);
    await run();
    await run();
    expect((await errand("e")).state).toEqual({ status: "done", open: 0, sum: 0, troubles: ["a: too-much 5000"] });
    expect(await types("e")).toContain("$CommandRefused");
  });

  const failures = [
    ["is to nobody the app has", { counter: NOBODY, by: 1 }, "nobody: unknown-aggregate"],
    ["does not fit its schema", { counter: "a", by: -1 }, "a: invalid-command"],
    ["makes decide throw", { counter: "a", by: 1, how: "Throw" }, "a: command-failed"],
    ["goes to a stream id that cannot be", { counter: "a/b", by: 1 }, "a/b: invalid-stream-id"],
    ["goes to a stream that was deleted", { counter: "gone", by: 1 }, "gone: stream-deleted"],
  ] as const;
  for (const [what, job, trouble] of failures) {
    it(`hears that a command failed that ${what}, and its consumer goes on`, async () => {
      vi.spyOn(console, "error").mockReturnValue();
      const { wish, run, errand, consumer, post, send } = errands("failure");
      await post("/aggregates/counter/gone/Count", { by: 1 });
      await send("DELETE", "/streams/counter/gone");
      await wish("e", [job]);
      await run();
      await run();
      expect((await errand("e")).state.troubles).toEqual([trouble]);
      await run();
      expect(await consumer("errand")).toMatchObject({ status: "live", lag: 0, attempts: 0 });
    });
  }

  it("hears the first outcome of a command that failed, whatever would become of it later: the target keeps it", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const { wish, run, history, json } = errands("first");
    await wish("e", [{ counter: "a", by: 1, how: "Throw" }]);
    await run();
    await run();
    const [, sent] = await history("e");
    const { commandId } = sent!.data as { commandId: string };
    expect(await json(`/aggregates/counter/a/commands/${commandId}`)).toMatchObject({ status: "failed" });
  });

  it("takes the commands that it declares, with all that commands have, and may refuse them", async () => {
    const { wish, run, post, errand, types } = errands("commands");
    const early = await post("/aggregates/errand/e/Note", { what: "early" });
    expect([early.status, (await read(early)).reason]).toEqual([422, "not-begun"]);
    await wish("e", [{ counter: "a", by: 1 }]);
    await run();
    expect((await post("/aggregates/errand/e/Note", { what: "" })).status).toBe(400);
    const noted = await post("/aggregates/errand/e/Note", { what: "hm" }, { "idempotency-key": "k" });
    expect(noted.status).toBe(200);
    expect((await post("/aggregates/errand/e/Note", { what: "hm" }, { "idempotency-key": "k" })).headers.get("idempotent-replayed")).toBe(
      "true",
    );
    expect((await errand("e")).state.troubles).toEqual(["hm"]);
    expect((await types("e")).filter((type) => type === "TroubleNoted")).toHaveLength(1);
  });

  it("has timers, which wake it when nothing else does", async () => {
    const { wish, run, errand, types } = errands("late");
    await wish("e", [{ counter: "a", by: 1 }], { patience: "30ms" });
    await run();
    await eventually(async () => expect((await errand("e")).state.status).toBe("late"));
    expect(await errand("e")).not.toHaveProperty("timers");
    expect(await types("e")).toEqual(["Begun", "$CommandSent", "Ended", "$Completed"]);
  });
});

describe("an instance that is complete", () => {
  it("takes its timers back, lets later events pass, refuses commands, and still keeps what became of those it had sent", async () => {
    const { wish, say, run, post, errand, types, consumer } = errands("complete");
    await wish("e", [{ counter: "a", by: 1 }]);
    await say("someone", "CalledOff", { errand: "e" });
    await say("someone", "Added", { errand: "e", job: { counter: "b", by: 1 } });
    await run();
    expect(await types("e")).toEqual(["Begun", "$CommandSent", "Ended", "$Completed"]);
    expect(await errand("e")).toMatchObject({ status: "completed", inFlight: [{ stream: "counter/a" }] });
    expect(await errand("e")).not.toHaveProperty("timers");
    await run();
    expect(await types("e")).toEqual(["Begun", "$CommandSent", "Ended", "$Completed", "$CommandAccepted"]);
    expect(await errand("e")).toMatchObject({ state: { status: "called-off", sum: 0 } });
    await run();
    const note = await post("/aggregates/errand/e/Note", { what: "late" });
    expect([note.status, (await read(note)).reason]).toEqual([422, "process-completed"]);
    expect(await consumer("errand")).toMatchObject({ status: "live", lag: 0 });
  });
});

describe("correlation", () => {
  it("leads each event to its instance, in the log's order, whatever streams they are in", async () => {
    const { say, wish, run, errand } = errands("correlation");
    await wish("e", [{ counter: "a", by: 1 }]);
    for (const by of [2, 3, 4]) await say(`neighbour-${by}`, "Added", { errand: "e", job: { counter: `c${by}`, by } });
    await wish("f", [{ counter: "a", by: 10 }]);
    await run();
    await run();
    expect((await errand("e")).state).toEqual({ status: "done", open: 0, sum: 10, troubles: [] });
    expect((await errand("f")).state).toEqual({ status: "done", open: 0, sum: 10, troubles: [] });
  });

  it("may leave an event to nobody, and nothing begins that nobody has begun", async () => {
    const { say, wish, run, errand, get } = errands("nobody");
    await wish("e", [{ counter: "a", by: 1 }]);
    await say("unheard", "CalledOff", { errand: "e" });
    await say("someone", "Added", { errand: "never", job: { counter: "a", by: 1 } });
    await run();
    expect((await errand("e")).state.status).toBe("running");
    expect((await get("/aggregates/errand/never")).status).toBe(404);
  });

  it("that throws stops the consumer at that event, by its policy, and it goes on when it is repaired", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    clumsy.correlation = true;
    const { store, wish, run, errand, consumer } = errands("broken-correlation");
    await wish("e", [{ counter: "a", by: 1 }]);
    await run();
    expect(await consumer("errand")).toMatchObject({
      position: 0,
      attempts: 1,
      lastError: { message: "the correlation is broken", event: { type: "Wished" } },
    });
    clumsy.correlation = false;
    await due(store);
    await run();
    expect((await errand("e")).state.status).toBe("running");
  });
});

describe("a handler that throws", () => {
  it("stores nothing and stops the consumer by its policy; other instances in the batch are not lost", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const { store, wish, say, run, errand, get, consumer } = errands("broken-handler");
    clumsy.at = "f";
    await wish("e", [{ counter: "a", by: 1 }]);
    await say("someone", "Added", { errand: "e", job: { counter: "b", by: 2 } });
    await wish("f", [{ counter: "a", by: 1 }]);
    await say("someone", "Added", { errand: "e", job: { counter: "c", by: 3 } });
    await run();
    const { position, attempts, lastError } = await consumer("errand");
    expect({ attempts, event: lastError?.event }).toMatchObject({ attempts: 1, event: { type: "Wished" } });
    expect(lastError?.event?.position).toBe(position + 1);
    expect((await get("/aggregates/errand/f")).status).toBe(404);
    expect((await errand("e")).state).toMatchObject({ status: "running", open: 2 });

    clumsy.at = "";
    await due(store);
    for (let wakes = 0; wakes < 3; wakes++) await run();
    expect((await errand("f")).state).toMatchObject({ status: "done", sum: 1 });
    expect((await errand("e")).state).toMatchObject({ status: "done", sum: 6 });
  });

  it("is given up after the attempts that the manager declares", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    clumsy.at = "e";
    const { store, wish, run, consumer } = errands("given-up");
    await wish("e", [{ counter: "a", by: 1 }]);
    for (let attempt = 1; attempt <= 3; attempt++) {
      await run();
      await due(store);
    }
    expect(await consumer("errand")).toMatchObject({ status: "failed", attempts: 3 });
  });
});

describe("the doors of a process manager", () => {
  it("take no command that only the store may send", async () => {
    const { post } = errands("doors");
    for (const command of ["$Input", "$Outcome", "RunLate"]) {
      const answer = await post(`/aggregates/errand/e/${encodeURIComponent(command)}`, {});
      expect([command, answer.status, (await read(answer)).detail]).toEqual([
        command,
        404,
        `errand has no command ${command}; it has Note`,
      ]);
    }
  });

  it("take no facts: it has rules", async () => {
    const { post } = errands("facts");
    const answer = await post("/streams/errand/e", { type: "Begun", data: { jobs: 1 } });
    expect([answer.status, (await read(answer)).code]).toEqual([409, "category-has-rules"]);
  });

  it("say what there is of it: its category, and its consumer", async () => {
    const { json, consumer } = errands("listed");
    const { categories } = await json("/streams");
    expect(categories).toContainEqual(expect.objectContaining({ name: "errand", kind: "aggregate", origin: "code" }));
    expect(await consumer("errand")).toMatchObject({ name: "errand", kind: "processor", status: "live" });
  });
});

/** Makes a consumer's next attempt due now. */
async function due(store: string) {
  await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(store).run();
}
