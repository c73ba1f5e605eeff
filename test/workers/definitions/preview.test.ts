/** The preview: what a processor would do with an event, step by step, and nothing of it is stored. */

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { derivedId } from "../../../src/core/ids.ts";
import { poison } from "../app.ts";
import { later, quietStore } from "../delivery/support.ts";
import { storedEvents } from "../log/events.ts";
import { allowErrors } from "../errors.ts";
import { interceptLogMethod, read } from "../support.ts";

beforeEach(() => {
  allowErrors(/a consumer could not process an event and will retry/, /a consumer has failed and stopped/);
  vi.spyOn(console, "info").mockReturnValue();
});
afterEach(() => {
  poison.active = false;
  vi.restoreAllMocks();
});

const JOINING = {
  from: ["orders", "reading"],
  steps: [
    { filter: "event.type != 'Calibrated'" },
    { join: { with: "values", by: "'any'", as: "all", missing: "null" } },
    {
      branch: [
        { when: "all == null", steps: [{ emit: { to: "marks", data: { n: "0" } } }] },
        { steps: [{ map: { n: "all.count" } }, { emit: { to: "marks" } }] },
      ],
    },
  ],
};

async function store(name: string) {
  const quiet = quietStore(name);
  await quiet.send("PUT", "/streams/orders", { key: "id" });
  await quiet.send("PUT", "/streams/marks", { schema: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] } });
  const rows = async () =>
    await env.VIEWS.prepare(`SELECT COUNT(*) AS n FROM headspring_checkpoints WHERE store = ? AND consumer = 'p'`)
      .bind(quiet.store)
      .first<number>("n");
  const preview = async (event: unknown, definition: object = JOINING) =>
    read(await quiet.post("/processors/preview", { name: "p", definition, event }));
  return { ...quiet, rows, preview };
}

describe("a preview", () => {
  it("shows each step at an event of the log: its effect, the data after it, and what would be emitted", async () => {
    const { read: measure, preview, log, rows } = await store("logged");
    for (const value of [1, 2, 3]) await measure("s", value);
    const before = await log();
    const answer = await preview(2);
    const data = { value: 2 };
    expect(answer).toEqual({
      processor: "p",
      event: { ...before[1], meta: {} },
      outcome: "done",
      steps: [
        { path: "steps.0", step: "filter", passed: true, data },
        {
          path: "steps.1",
          step: "join",
          as: "all",
          key: "any",
          found: { value: "any", count: 2 },
          outcome: "joined",
          asOf: 2,
          exact: true,
          data,
        },
        { path: "steps.2.branch.0", step: "branch", taken: false, why: "when", data },
        { path: "steps.2.branch.1", step: "branch", taken: true, why: "otherwise", data },
        { path: "steps.2.branch.1.steps.0", step: "map", data: { n: 2 } },
        { path: "steps.2.branch.1.steps.1", step: "emit", stream: expect.stringMatching(/^marks\//), data: { n: 2 } },
      ],
      emits: [
        {
          path: "steps.2.branch.1.steps.1",
          to: "marks",
          stream: expect.stringMatching(/^marks\//),
          id: derivedId("p", "reading/s", answer.event.id, "steps.2.branch.1.steps.1"),
          type: "MarksRecorded",
          data: { n: 2 },
          schemaVersion: 1,
          accepted: true,
        },
      ],
    });
    expect([await log(), await rows()]).toEqual([before, 0]);
  });

  it("shows what the processor then does", async () => {
    const { read: measure, send, post, wake, json } = await store("same");
    for (const value of [1, 2, 3]) await measure("s", value);
    await send("PUT", "/processors/p", JOINING);
    const previews = await Promise.all([1, 2, 3].map(async (event) => read(await post("/processors/p/preview", { event }))));
    await wake("p");
    const { events } = await json("/log?category=marks");
    expect(previews.flatMap(({ emits }) => emits).map(({ id, stream, type, data }) => ({ id, stream, type, data }))).toEqual(
      events.map(({ id, stream, type, data }: { id: string; stream: string; type: string; data: object }) => ({ id, stream, type, data })),
    );
  });

  it("treats an event that was never written as the next one: a view that follows it has seen it", async () => {
    const { read: measure, preview } = await store("unwritten");
    const event = { stream: "reading/s", type: "Read", data: { value: 1 } };
    expect((await preview(event)).emits).toMatchObject([{ data: { n: 1 } }]);
    await measure("s", 1);
    expect((await preview(event)).emits).toMatchObject([{ data: { n: 2 } }]);
    expect((await preview({ stream: "orders/7", type: "Any", data: {} })).emits).toMatchObject([{ data: { n: 1 } }]);
  });

  it("shows the step that fails, and what a category does not accept", async () => {
    const { preview } = await store("failing");
    const event = { stream: "orders/7", type: "Placed", data: { n: "x" } };
    const at = (steps: unknown) => preview(event, { from: "orders", steps });
    expect(await at([{ filter: "data.n == 'x'" }, { set: { m: "data.n / 2" } }])).toMatchObject({
      outcome: "failed",
      steps: [{ path: "steps.0" }],
      error: { path: "steps.1.set.m", message: expect.stringContaining("column"), at: { start: 7, end: 8 } },
      emits: [],
    });
    expect(await at([{ emit: { to: "marks" } }])).toMatchObject({
      outcome: "failed",
      error: { path: "steps.0.emit" },
      emits: [{ to: "marks", type: "MarksRecorded", data: { n: "x" }, accepted: false, problem: expect.stringContaining("n: ") }],
    });
    expect(await at([{ join: { with: "values", by: "'none'", as: "v" } }])).toMatchObject({
      outcome: "failed",
      error: { path: "steps.0.join" },
    });
  });

  it("shows the latest events that the processor follows, newest first, each on its own", async () => {
    const { read: measure, post, preview, send, log, rows } = await store("latest");
    await send("POST", "/streams/marks", { n: 1 });
    for (const value of [1, 2, 3]) await measure("s", value);
    await post("/streams/reading/s", { type: "Calibrated", data: {} });
    const before = await log();
    const of = async (last: number) => read(await post("/processors/preview", { name: "p", definition: JOINING, last }));
    const answer = await of(2);
    expect(answer).toEqual({ processor: "p", previews: [await preview(5), await preview(4)], left: 0, from: 4, to: 5 });
    expect(answer.previews.map(({ outcome }: { outcome: string }) => outcome)).toEqual(["done", "done"]);
    expect(await of(20)).toMatchObject({ previews: { length: 4 }, from: 1, to: 5 });
    await send("PUT", "/processors/p", JOINING);
    expect(await read(await post("/processors/p/preview", { last: 2 }))).toEqual(answer);
    expect([await log(), await rows()]).toEqual([before, 0]);
  });

  it("explains why the processor ignores an event", async () => {
    const { preview, read: measure } = await store("passed");
    await measure("s", 1);
    const of = async (event: unknown, more: object = {}) => (await preview(event, { ...JOINING, ...more })).why;
    expect(await of(1, { from: "orders" })).toBe("it follows orders");
    expect(await of(1, { types: ["Calibrated"] })).toBe("it handles Calibrated");
    const event = { stream: "reading/s", type: "Read", data: { value: 1 }, meta: { $lineage: ["p"] } };
    expect(await of(event)).toContain("its lineage names it");
  });

  it("says of an erased event that nothing is left of it", async () => {
    const { preview, post, send } = await store("erased");
    await post("/streams/orders/7", { type: "Placed", data: { secret: "x" } });
    await send("DELETE", "/streams/orders/7?erase=true");
    const passed = {
      processor: "p",
      event: { position: 1 },
      outcome: "passed",
      why: expect.stringContaining("erased"),
      steps: [],
      emits: [],
    };
    expect(await preview(1)).toEqual(passed);
    expect((await read(await post("/processors/preview", { name: "p", definition: JOINING, last: 2 }))).previews).toContainEqual(passed);
  });

  it("shows that an event fails which the code cannot lift, or which newer code has stored", async () => {
    const { preview, post, logClient } = await store("unlifted");
    await post("/import", { id: crypto.randomUUID(), stream: "contract/1", type: "Signed", data: { amount: 666 }, schemaVersion: 1 });
    const [event] = storedEvents(1, 1);
    await logClient().sequence("contract/2", [{ ...event, type: "Signed", data: "{}", schemaVersion: 9 } as NonNullable<typeof event>]);
    const definition = { from: "contract", steps: [{ emit: { to: "marks" } }] };
    const failed = (position: number, message: string) => ({
      processor: "p",
      event: { position },
      outcome: "failed",
      steps: [],
      error: { path: "", message: expect.stringContaining(message) },
      emits: [],
    });
    const all = [failed(2, "has schemaVersion 9"), failed(1, "nobody signs that")];
    expect([await preview(2, definition), await preview(1, definition)]).toEqual(all);
    expect((await read(await post("/processors/preview", { name: "p", definition, last: 2 }))).previews).toEqual(all);
  });

  it("leaves the rest out when the first events have taken long", async () => {
    const { store: name, post, read: measure } = await store("slow");
    for (const value of [1, 2, 3]) await measure("s", value);
    interceptLogMethod(name, "read", (real) => async (request) => {
      later(2_000);
      return real(request);
    });
    const answer = await read(await post("/processors/preview", { name: "p", definition: JOINING, last: 3 }));
    expect(answer).toMatchObject({ previews: [{ event: { position: 3 }, outcome: "done" }], left: 2 });
  });

  it.each([
    ["no event", { definition: JOINING }, "event"],
    ["an event and the latest", { definition: JOINING, event: 1, last: 1 }, "event"],
    ["more events than it shows", { definition: JOINING, last: 21 }, "last"],
    ["an impossible stream", { definition: JOINING, event: { stream: "reading", type: "Read", data: {} } }, "event"],
    ["an invalid definition", { definition: { ...JOINING, steps: [{ filter: "1" }] }, event: 1 }, "definition.steps.0.filter"],
  ])("is a 400 for %s, with its place", async (_what, body, path) => {
    const { post, read: measure } = await store("invalid");
    await measure("s", 1);
    const answer = await post("/processors/preview", body);
    expect([answer.status, (await read(answer)).issues?.[0]?.path]).toEqual([400, expect.stringContaining(path)]);
  });

  it("is refused for a position beyond the head, an unknown category, and a processor in code", async () => {
    const { post } = await store("unknown");
    const code = async (path: string, body: object) => {
      const answer = await post(path, body);
      return [answer.status, (await read(answer)).code];
    };
    expect(await code("/processors/preview", { definition: JOINING, event: 1 })).toEqual([409, "position-beyond-head"]);
    const unknown = { ...JOINING, from: "nobody" };
    expect(await code("/processors/preview", { definition: unknown, event: 1 })).toEqual([404, "unknown-category"]);
    expect(await code("/processors/nobody/preview", { event: 1 })).toEqual([404, "unknown-processor"]);
    expect(await code("/processors/relay/preview", { event: 1 })).toEqual([400, "invalid-request"]);
  });
});

describe("a join of a preview", () => {
  const emit = { emit: { to: "marks", data: { n: "1" } } };
  const joining = (view: string, by: string, from: string | string[] = ["orders", "reading", "contract"]) => ({
    from,
    steps: [{ join: { with: view, by, as: "found", missing: "null" } }, emit],
  });
  const joined = ({ steps }: { steps: { found: unknown; asOf: number; exact: boolean }[] }) => {
    const [{ found, asOf, exact } = { found: "no step", asOf: 0, exact: false }] = steps;
    return { found, asOf, exact };
  };

  it("with a category finds what its stream had at the event, whose own data is the latest of its stream", async () => {
    const { preview, post, read: measure } = await store("category");
    const order = (id: string, n: number) => post(`/streams/orders/${id}`, { type: "Placed", data: { n } });
    await order("a", 1);
    await measure("a", 7);
    await order("a", 2);
    const definition = joining("orders", "event.streamId");
    const read = { stream: "reading/a", type: "Read", data: { value: 1 } };
    const placed = { stream: "orders/a", type: "Placed", data: { n: 5 } };
    expect(joined(await preview(2, definition))).toEqual({ found: { n: 1 }, asOf: 2, exact: true });
    expect(joined(await preview(1, definition))).toEqual({ found: { n: 1 }, asOf: 1, exact: true });
    expect(joined(await preview(read, definition))).toEqual({ found: { n: 2 }, asOf: 3, exact: true });
    expect(joined(await preview(placed, definition))).toEqual({ found: { n: 5 }, asOf: 4, exact: true });
    expect(joined(await preview({ ...read, stream: "reading/none" }, definition))).toEqual({ found: null, asOf: 3, exact: true });
  });

  it("fails at its step where the joined category or view has an event that the code cannot lift, or the view's code throws", async () => {
    const { preview, post, read: measure } = await store("broken-joins");
    poison.active = true;
    await post("/import", { id: crypto.randomUUID(), stream: "contract/1", type: "Signed", data: { amount: 666 }, schemaVersion: 1 });
    await measure("s", -1);
    const event = { stream: "orders/1", type: "Placed", data: {} };
    for (const [view, by, message] of [
      ["contract", "'1'", "cannot be lifted"],
      ["contracts", "'1'", "nobody signs that"],
      ["values", "'any'", "poisoned"],
    ] as const) {
      const answer = await preview(event, joining(view, by, "orders"));
      expect(answer).toMatchObject({ outcome: "failed", error: { path: "steps.0.join", message: expect.stringContaining(message) } });
    }
  });

  it("does not count what was erased, and what an operator made the view skip", async () => {
    const { store: name, preview, post, send, read: measure, wake } = await store("left-out");
    poison.active = true;
    await measure("gone", 1);
    await measure("s", -1);
    await measure("s", 2);
    await send("DELETE", "/streams/reading/gone?erase=true");
    for (let attempt = 0; attempt < 8; attempt++) {
      await wake("values");
      await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(name).run();
    }
    expect((await post("/consumers/values/skip", { position: 2 })).status).toBe(200);
    const event = { stream: "orders/1", type: "Placed", data: {} };
    expect(joined(await preview(event, joining("values", "'any'")))).toMatchObject({ found: { value: "any", count: 1 }, exact: true });
  });

  it("finds the view's present row, and says as of when, where folding it would take too long", async () => {
    const { store: name, preview, post, read: measure, wake } = await store("long");
    for (const value of [1, 2]) await measure("s", value);
    await wake("values");
    const many = Array.from({ length: 1_200 }, (_, at) => ({
      id: crypto.randomUUID(),
      stream: "reading/s",
      type: "Read",
      data: { value: at },
    }));
    await post("/import", many.map((one) => JSON.stringify(one)).join("\n"));
    expect(joined(await preview(1_202, joining("values", "'any'")))).toMatchObject({ found: { count: 1_202 }, asOf: 1_202, exact: true });
    interceptLogMethod(name, "read", (real) => async (request) => {
      later(2_000);
      return real(request);
    });
    expect(joined(await preview(1_202, joining("values", "'any'")))).toMatchObject({ found: { count: 2 }, asOf: 2, exact: false });
  });
});
