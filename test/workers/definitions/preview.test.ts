/** The preview: what a processor would do with an event, step by step, and nothing of it is stored. */

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { derivedId } from "../../../src/core/ids.ts";
import { quietStore } from "../delivery/support.ts";
import { read } from "../support.ts";

beforeEach(() => {
  vi.spyOn(console, "info").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

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
