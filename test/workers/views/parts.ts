/** Views of the tests' app that are there to be queried: one with a column of every kind, and figures folded from sales. */

import * as z from "zod";
import { category, sql, view } from "../../../src/index.ts";

const Specimen = z.object({
  id: z.string(),
  text: z.string().nullable(),
  word: z.string().optional(),
  whole: z.int(),
  maybe: z.int().nullable(),
  real: z.number().optional(),
  flag: z.boolean().nullable(),
  list: z.array(z.string()),
});

export type SpecimenRow = z.output<typeof Specimen>;

/** Rows, as they are put and taken away. */
export const specimen = category("specimen", {
  events: { Put: z.object({ rows: z.array(Specimen) }), Removed: z.object({ ids: z.array(z.string()) }) },
});

export const specimens = view("specimens", {
  from: specimen,
  row: Specimen,
  key: "id",
  indexes: ["whole", "maybe"],
  on: {
    Put: {
      at: ({ data }) => data.rows.map(({ id }) => id),
      fold: (_row, { data }, key) => data.rows.findLast(({ id }) => id === key) ?? null,
    },
    Removed: { at: ({ data }) => data.ids, fold: () => null },
  },
  queries: {
    byFlag: {
      description: "How many rows there are of each flag.",
      params: z.object({ atLeast: z.int().default(0), texts: z.array(z.string()).optional(), flag: z.boolean().optional() }),
      row: z.object({ flag: z.boolean().nullable(), count: z.int(), first: z.string().optional() }),
      sql: ({ rows, params }) => sql`
        SELECT flag, count(*) AS count, min(text) AS first FROM ${rows}
        WHERE whole >= ${params.atLeast} ${params.flag === undefined ? sql`` : sql`AND flag = ${params.flag}`}
        ${params.texts ? sql`AND text IN (SELECT value FROM json_each(${params.texts}))` : sql``}
        GROUP BY flag ORDER BY flag`,
    },
    sorted: {
      params: z.object({ by: z.enum(["whole", "id"]) }),
      sql: ({ rows, columns, params }) => sql`SELECT id, flag, list FROM ${rows} ORDER BY ${columns[params.by]} DESC`,
    },
    echo: {
      params: z.object({ text: z.string() }),
      sql: ({ rows, params }) => sql`SELECT ${params.text} AS said, count(*) AS rows FROM ${rows}`,
    },
    many: {
      params: z.object({}),
      sql: ({ rows }) => sql`
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1001)
        SELECT n FROM numbers, ${rows}`,
    },
    misspells: { params: z.object({}), sql: ({ rows }) => sql`SELECT colour FROM ${rows}` },
  },
});
