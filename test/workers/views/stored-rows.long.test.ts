/** A fold sees what is stored (promise 4): however events fall into batches, live, rebuilt and in the test kit. */

import { storeNamed } from "../support.ts";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import { event, streamIdOf, view } from "../../../src/index.ts";
import { given, on } from "../../../src/testing/index.ts";
import { requestRebuild } from "../../../src/views/generations.ts";
import { project } from "../../../src/views/project.ts";
import { viewConsumer } from "../../../src/views/projector.ts";
import { queryView } from "../../../src/views/query.ts";
import type { View } from "../../../src/definitions/views/view.ts";
import { reading } from "../app.ts";
import { quietStore } from "../delivery/support.ts";
import { runs } from "../../effort.ts";

afterEach(() => vi.restoreAllMocks());

/** What folds of the test put into rows, by the number that an event names. */
let made: readonly Made[] = [];

interface Made {
  readonly bag: unknown;
  readonly real: number;
  readonly whole: number;
  readonly text: string | null | undefined;
  readonly flag: boolean | undefined;
}

/** What a value looks like to a fold, to the letter: JSON does not tell `-0`, `undefined` or a Date from what it makes of them. */
function letters(value: unknown): string {
  if (Object.is(value, -0)) return "-0";
  if (value instanceof Date) return "a Date";
  if (Array.isArray(value)) return `[${value.map(letters).join()}]`;
  if (typeof value !== "object" || value === null) return typeof value === "string" ? JSON.stringify(value) : String(value);
  return `{${Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}:${letters(member)}`)
    .join()}}`;
}

/** Keeps what its events make, and what it saw of the row before. */
const kept = view("kept", {
  from: reading,
  row: z.object({
    id: z.string(),
    bag: z.any(),
    typed: z.object({ real: z.number(), text: z.string().nullish() }),
    real: z.number(),
    whole: z.int(),
    text: z.string().nullish(),
    flag: z.boolean().optional(),
    seen: z.array(z.string()),
  }),
  key: "id",
  on: {
    Read: (row, { stream, data }) => {
      const { bag, real, whole, text, flag } = made[data.value]!;
      const { seen = [], ...before } = row ?? {};
      const typed = { real, text };
      return { id: streamIdOf(stream), bag: bag as never, typed, real, whole, text, flag, seen: [...seen, letters(before)] };
    },
  },
});

const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(-0, 0.1 + 0.2, 5e-324, Number.MAX_VALUE));
const text = fc.string({ unit: "binary" }).chain((some) => fc.constantFrom(some, `${some}\ud800`, `\0${some}`));
const odd = fc.oneof(
  fc.constantFrom(undefined, -0, Number.NaN, Number.POSITIVE_INFINITY, new Date(0), () => 1),
  number,
  text,
);
const bag = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    odd,
    fc.jsonValue(),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 3 }),
  ),
})).value;
const anyMade = fc.record({
  bag,
  real: number,
  whole: fc.oneof(fc.maxSafeInteger(), fc.constant(-0)),
  text: fc.option(text, { nil: undefined }).chain((some) => fc.constantFrom(some, null)),
  flag: fc.option(fc.boolean(), { nil: undefined }),
});

/** Rows as they are stored, to the letter. */
async function rowsOf(store: string, one: View): Promise<string[]> {
  return (await queryView(storeNamed(store), one, { limit: 100 })).rows.map(letters);
}

describe("promise 4: a row is the same, whatever the batches of its events,", () => {
  it("live event by event, in random batches, rebuilt, and in the test kit, down to the last character", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(anyMade, fc.constantFrom("a", "b"), fc.boolean()), { minLength: 2, maxLength: 8 }),
        async (steps) => {
          made = steps.map(([one]) => one);
          vi.spyOn(console, "info").mockReturnValue(); // a rebuild says that it is done
          const { store, read } = quietStore("kept");
          const run = () => catchUp(viewConsumer(storeNamed(store), kept), storeNamed(store).log, Number.POSITIVE_INFINITY);
          for (const [index, [, stream, isCut]] of steps.entries()) {
            await read(stream, index);
            if (isCut) await run();
          }
          await run();
          const live = await rowsOf(store, kept);
          await requestRebuild(storeNamed(store), kept);
          await project(storeNamed(store), kept, Number.POSITIVE_INFINITY);
          expect(await rowsOf(store, kept)).toEqual(live);
          const events = steps.map(([, stream], index) => on(`reading/${stream}`, event("Read", { value: index })));
          const { rows } = await queryView(storeNamed(store), kept, { limit: 100 });
          given(kept, ...events).thenRows(rows as never);
        },
      ),
      { numRuns: runs(20) },
    );
  });
});
