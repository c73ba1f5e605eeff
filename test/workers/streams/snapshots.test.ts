import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { aggregate, event, nothing, processManager, streamIdOf, upcast } from "../../../src/index.ts";
import { SNAPSHOT_BYTES, SNAPSHOT_EVERY } from "../../../src/streams/limits.ts";
import type { AnyAggregate } from "../../../src/definitions/aggregate.ts";
import { INPUT } from "../../../src/definitions/processors/process-events.ts";
import { type Sender, errorLines, streamOf } from "./code.ts";

afterEach(() => vi.restoreAllMocks());

const Paid = z.object({ amount: z.number() });

/** A purse as some deployment has it. */
function tally(
  code: Partial<Pick<AnyAggregate, "initialState" | "evolve" | "revision">> & { readonly event?: typeof Paid } = {},
): AnyAggregate {
  const { event: schema = Paid, ...rest } = code;
  return {
    ...aggregate("tally", {
      events: { Paid: schema },
      commands: { Pay: z.object({ amount: z.number(), times: z.int().default(1) }) },
      initialState: () => ({ sum: 0 }),
      evolve: { Paid: ({ sum }, { amount }) => ({ sum: sum + amount }) },
      decide: { Pay: (_state, { amount, times }) => Array.from({ length: times }, () => event("Paid", { amount })) },
    }),
    ...rest,
  };
}

const euros = tally();
const inCents = upcast(Paid, z.object({ amount: z.number() }), ({ amount }) => ({ amount: amount * 100 }));
const inMills = upcast(Paid, z.object({ amount: z.number() }), ({ amount }) => ({ amount: amount * 1_000 }));

/** 110 payments of one, of which a snapshot has the first 100. */
async function paidOften(code: AnyAggregate) {
  const stream = streamOf("tally");
  await stream.as(code, async ({ send }) => {
    await send("Pay", { amount: 1, times: SNAPSHOT_EVERY });
    await send("Pay", { amount: 1, times: 10 });
  });
  expect(await stream.rows("SELECT version FROM snapshot")).toEqual([{ version: SNAPSHOT_EVERY }]);
  return stream;
}

describe("a state over a snapshot equals what today's code folds from all events", () => {
  it.each<[string, AnyAggregate, AnyAggregate, number]>([
    ["evolve", euros, tally({ evolve: { Paid: ({ sum }, { amount }) => ({ sum: sum + 2 * amount }) } }), 220],
    ["evolve by a handler less", euros, tally({ evolve: {} }), 0],
    ["initialState", euros, tally({ initialState: () => ({ sum: 5 }) }), 115],
    ["the meaning of an event's data", euros, tally({ event: inCents }), 11_000],
    ["that meaning again", tally({ event: inCents }), tally({ event: inMills }), 110],
    ["evolve, and its own revision with it", tally({ revision: 1 }), tally({ revision: 2, initialState: () => ({ sum: 1 }) }), 111],
    ["the meaning of an event's data, and no revision of its own", tally({ revision: 1 }), tally({ revision: 1, event: inCents }), 11_000],
  ])("after a change of %s", async (_what, before, after, sum) => {
    const { as } = await paidOften(before);
    expect(await as(after, ({ state }) => state())).toEqual({ sum });
    // Back again, and forth: neither uses what the other has left.
    expect(await as(before, ({ send, state }) => send("Pay", { amount: 0 }).then(() => state()))).toEqual({ sum: 110 });
    expect(await as(after, ({ state }) => state())).toMatchObject({ sum });
  });

  it("and the snapshot is used if nothing has changed: the events before it are not read again", async () => {
    const { as, rows } = await paidOften(euros);
    await rows(`UPDATE snapshot SET state = '{"sum":1000}'`);
    // The same code in another isolate: other functions, of the same text.
    expect(await as(tally(), ({ state }) => state())).toEqual({ sum: 1_010 });
  });

  it("and so is a snapshot with a revision of version 0.1, which the app gave", async () => {
    const { as, rows } = await paidOften(tally({ revision: 3 }));
    await rows(`UPDATE snapshot SET state = '{"sum":1000}', revision = '3'`);
    expect(await as(tally({ revision: 3 }), ({ state }) => state())).toEqual({ sum: 1_010 });
  });

  it("for a process manager too", async () => {
    const counting = (step: number) =>
      processManager("tally", {
        from: euros,
        to: [],
        correlate: { Paid: ({ stream }: { stream: string }) => streamIdOf(stream) },
        events: { Seen: z.object({}) },
        initialState: () => ({ seen: 0 }),
        evolve: step === 1 ? { Seen: ({ seen }) => ({ seen: seen + 1 }) } : { Seen: ({ seen }) => ({ seen: seen + 2 }) },
        on: { Paid: () => Array.from({ length: SNAPSHOT_EVERY + 5 }, () => event("Seen", {})) },
      }) as unknown as AnyAggregate;
    const other = { ...euros, name: "source" };
    const of = (step: number) => ({ ...counting(step), followed: [other] }) as AnyAggregate;
    const { as } = streamOf("tally");
    await as(of(1), ({ send }) => send(INPUT, { event: { type: "Paid", stream: `${euros.name}/1`, version: 1, schemaVersion: 1 } }));
    expect(await as(of(1), ({ state }) => state())).toMatchObject({ own: { seen: 105 } });
    expect(await as(of(2), ({ state }) => state())).toMatchObject({ own: { seen: 210 } });
  });
});

describe("code older than an event of the stream", () => {
  const newer = tally({ event: inCents });
  /** A payment of the newer code, and the older one in its place. */
  async function rolledBack(test: (sender: Sender, stream: ReturnType<typeof streamOf>) => Promise<void>) {
    const stream = streamOf("tally");
    await stream.as(newer, ({ send }) => send("Pay", { amount: 100 }, "first"));
    await stream.as(euros, (sender) => test(sender, stream));
    return stream;
  }
  const why =
    "the state of tally/1 cannot be computed: its event 1, a Paid, has schemaVersion 2, and this deployment's code knows 1 at most";

  it("does not fold it: there is no state, now or as of any version that has the event, and the answer gives the reason", async () => {
    await rolledBack(async ({ state }) => {
      expect(await state()).toBe(why);
      expect(await state(1)).toBe(why);
      expect(await state(0)).toEqual({ sum: 0 });
    });
  });

  it("refuses commands without storing anything, so that the same command is carried out when the newer code is back", async () => {
    const lines = errorLines();
    const { as, events } = await rolledBack(async ({ send, object }) => {
      expect(await send("Pay", { amount: 1 }, "second")).toMatchObject({ outcome: "state-unavailable", commandId: "second", detail: why });
      const asked = { command: "Pay", data: `{"amount":1}`, recordFailure: true, idempotencyKey: "second" } as const;
      expect(await object.execute({ ...asked, expected: { kind: "any" } })).toMatchObject({ outcome: "state-unavailable" });
    });
    expect(lines.map(({ error }) => error)).toEqual([expect.stringContaining(why), expect.stringContaining(why)]);
    expect(await events()).toHaveLength(1);
    expect(await as(newer, ({ send }) => send("Pay", { amount: 1 }, "second"))).toMatchObject({
      outcome: "written",
      version: 2,
      replayed: false,
    });
    expect(await as(newer, ({ state }) => state())).toEqual({ sum: 101 });
  });

  it("answers a repeat as before: that needs no state", async () => {
    await rolledBack(async ({ send }) => {
      expect(await send("Pay", { amount: 100 }, "first")).toMatchObject({ outcome: "written", version: 1, replayed: true });
    });
  });
});

describe("an event that the code cannot fold any more", () => {
  it("leaves the stream without a state, and a command is carried out once the code is fixed", async () => {
    errorLines();
    const { as } = await paidOften(euros);
    const broken = tally({
      evolve: {
        Paid: () => {
          throw new Error("a bug");
        },
      },
    });
    await as(broken, async ({ send, state }) => {
      expect(await state()).toBe("failed");
      expect(await state(1)).toBe("failed");
      expect(await send("Pay", { amount: 1 }, "key")).toMatchObject({ outcome: "failed", cause: expect.stringContaining("a bug") });
    });
    expect(await as(euros, ({ send }) => send("Pay", { amount: 1 }, "key"))).toMatchObject({ outcome: "written", version: 111 });
  });
});

describe("a state that a snapshot cannot keep", () => {
  /** What the compiler would have refused. */
  const odd = (initial: () => unknown, evolve: AnyAggregate["evolve"][string] = (state) => state) =>
    ({ ...euros, initialState: initial, evolve: { Paid: evolve } }) as AnyAggregate;
  const members = odd(
    () => ({ of: { amounts: new Set() } }),
    ({ of: { amounts } }: { of: { amounts: Set<number> } }, { amount }: { amount: number }) => ({
      of: { amounts: new Set([...amounts, amount]) },
    }),
  );
  const choosy = {
    ...members,
    decide: {
      Pay: ({ of }: { of: { amounts: Set<number> } }, pay: { amount: number }) =>
        of.amounts.has(pay.amount) ? nothing() : event("Paid", pay),
    },
  } as AnyAggregate;

  it.each<[string, AnyAggregate, string]>([
    ["a Set", members, "a state must be plain JSON, but state.of.amounts is a Set"],
    ["Infinity", odd(() => ({ lowest: Number.POSITIVE_INFINITY })), "a state must be plain JSON, but state.lowest is Infinity"],
    ["a Date in an array", odd(() => ({ at: [new Date(0)] })), "a state must be plain JSON, but state.at.0 is a Date"],
    ["undefined", odd(() => undefined), "a state must be plain JSON, but state is undefined"],
    ["a cycle", odd(() => cyclic()), "a state must be plain JSON, but state.self is a cycle"],
    [
      "more than a row holds",
      odd(() => ({ text: "ä".repeat(SNAPSHOT_BYTES / 2) })),
      `the state has ${SNAPSHOT_BYTES + 11} bytes, and a snapshot takes ${SNAPSHOT_BYTES}`,
    ],
  ])("because it has %s is left out: one line in the logs gives the reason, and the events are stored", async (_what, code, problem) => {
    const lines = errorLines();
    const { as, rows } = streamOf("tally");
    await as(code, async ({ send }) => {
      expect(await send("Pay", { amount: 1, times: SNAPSHOT_EVERY })).toMatchObject({ outcome: "written", version: SNAPSHOT_EVERY });
      expect(await send("Pay", { amount: 2 })).toMatchObject({ outcome: "written" });
    });
    expect(await rows("SELECT name FROM sqlite_master WHERE name = 'snapshot'")).toEqual([]);
    expect(lines).toEqual([
      {
        message: "a state cannot be stored as a snapshot; every activation folds it from all events",
        store: expect.any(String),
        stream: "tally/1",
        error: problem,
      },
    ]);
  });

  it("is the same after a restart as before", async () => {
    errorLines();
    const { as } = streamOf("tally");
    await as(members, ({ send }) => send("Pay", { amount: 7, times: SNAPSHOT_EVERY + 1 }));
    await as(choosy, async ({ send }) => {
      expect(await send("Pay", { amount: 7 })).toMatchObject({ events: [] });
    });
    await as(choosy, async ({ send }) => {
      expect(await send("Pay", { amount: 7 })).toMatchObject({ outcome: "written", events: [] });
      expect(await send("Pay", { amount: 1_000 })).toMatchObject({ outcome: "written", version: SNAPSHOT_EVERY + 2 });
    });
  });

  it("is shown as far as JSON allows, and is otherwise an error", async () => {
    errorLines();
    await streamOf("tally").as(
      odd(() => undefined),
      async ({ state }) => expect(await state()).toBeNull(),
    );
    await streamOf("tally").as(
      odd(() => ({ sum: 1n })),
      async ({ state }) => expect(await state()).toBe("failed"),
    );
  });

  function cyclic(): object {
    const cycle: { self?: object } = {};
    cycle.self = cycle;
    return cycle;
  }
});
