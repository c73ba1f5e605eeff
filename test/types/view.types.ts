/**
 * Types are tested like behaviour: each `@ts-expect-error` fails `tsc` when the mistake below it compiles.
 * This file is compiled by `npm run check` and never run.
 */

import * as z from "zod";
import { category, streamIdOf, view } from "../../src/index.ts";

const reading = category("reading", { events: { Read: z.object({ celsius: z.number(), by: z.string().optional() }) } });
const sensor = category("sensor", { events: { Placed: z.object({ room: z.string() }), Removed: z.object({}) } });

const row = z.object({ sensor: z.string(), room: z.string().optional(), highest: z.number(), readings: z.int() });

// The whole, as users write it: rows and events need no annotations, whatever the number of categories.
view("rooms", {
  from: [reading, sensor],
  row,
  key: "sensor",
  indexes: ["room", "highest"],
  on: {
    Placed: (row, { stream, data }) => ({ sensor: streamIdOf(stream), room: data.room, highest: row?.highest ?? 0, readings: 0 }),
    Read: {
      at: ({ stream, data }) => [streamIdOf(stream), data.by ?? "nobody"],
      fold: (row, { data, position, time }, key) => {
        const facts: [number, string] = [position, time];
        if (!row) return null;
        return { ...row, sensor: key, highest: Math.max(row.highest, data.celsius, facts.length), readings: row.readings + 1 };
      },
    },
    Removed: () => null,
  },
});

// A handler may look at nothing.
view("flags", {
  from: reading,
  row: z.object({ id: z.string() }),
  key: "id",
  on: { Read: { at: () => "any", fold: () => ({ id: "any" }) } },
});

const rest = { from: reading, row, key: "sensor" } as const;
const hot = { sensor: "1", highest: 40, readings: 1 };

view("unknown-event", {
  ...rest,
  // @ts-expect-error -- a reading is Read, not Red
  on: { Red: () => hot },
});

view("event-of-another-source", {
  ...rest,
  // @ts-expect-error -- it does not follow sensor
  on: { Placed: () => hot },
});

view("misspelt-field-of-the-event", {
  ...rest,
  // @ts-expect-error -- the event has no `fahrenheit`
  on: { Read: (_row, { data }) => ({ ...hot, highest: data.fahrenheit }) },
});

view("row-may-be-missing", {
  ...rest,
  // @ts-expect-error -- there may be no row yet
  on: { Read: (row) => ({ ...hot, readings: row.readings + 1 }) },
});

view("changes-its-row-in-place", {
  ...rest,
  on: {
    Read: (row, { data }) => {
      // @ts-expect-error -- a row is readonly: the next one is a new one
      if (row) row.highest = data.celsius;
      return row ?? null;
    },
  },
});

view("changes-a-part-of-its-row-in-place", {
  from: reading,
  row: z.object({ id: z.string(), list: z.array(z.object({ n: z.number() })) }),
  key: "id",
  on: {
    Read: (row, { data }) => {
      // @ts-expect-error -- to its leaves
      row?.list.push({ n: data.celsius });
      // @ts-expect-error -- to its leaves
      for (const one of row?.list ?? []) one.n = data.celsius;
      return row ? { ...row, list: [...row.list, { n: data.celsius }] } : null;
    },
  },
});

view("missing-column", {
  ...rest,
  // @ts-expect-error -- `readings` is missing
  on: { Read: () => ({ sensor: "1", highest: 40 }) },
});

view("wrong-type-of-column", {
  ...rest,
  // @ts-expect-error -- `highest` is a number
  on: { Read: () => ({ ...hot, highest: "40" }) },
});

view("undefined-is-no-row", {
  ...rest,
  // @ts-expect-error -- to remove a row one says so: null
  on: { Read: (row) => row },
});

view("asynchronous-fold", {
  ...rest,
  // @ts-expect-error -- folds are synchronous
  on: { Read: async () => hot },
});

view("at-gives-keys", {
  ...rest,
  // @ts-expect-error -- a key is a string
  on: { Read: { at: ({ data }) => data.celsius, fold: () => hot } },
});

view("unknown-key", {
  from: reading,
  row,
  // @ts-expect-error -- there is no column `id`
  key: "id",
  on: { Read: () => hot },
});

view("numeric-key", {
  from: reading,
  row,
  // @ts-expect-error -- keys are strings
  key: "highest",
  on: { Read: () => hot },
});

view("optional-key", {
  from: reading,
  row,
  // @ts-expect-error -- every row has a key
  key: "room",
  on: { Read: () => hot },
});

view("unknown-index", {
  ...rest,
  // @ts-expect-error -- there is no column `floor`
  indexes: ["floor"],
  on: { Read: () => hot },
});

// @ts-expect-error -- a Date would come back from storage as text
view("not-json", { from: reading, row: z.object({ sensor: z.string(), at: z.date() }), key: "sensor", on: {} });
