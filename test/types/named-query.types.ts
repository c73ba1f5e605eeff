/** See `aggregate.types.ts`: mistakes in named queries that must not compile. */

import * as z from "zod";
import { category, sql, view } from "../../src/index.ts";

const sale = category("sale", { events: { Sold: z.object({ cents: z.int() }) } });
const base = {
  from: sale,
  row: z.object({ customer: z.string(), total: z.int() }),
  key: "customer",
  on: {},
} as const;

// As users write it: parameters need no annotations.
view("totals", {
  ...base,
  queries: {
    top: {
      params: z.object({ atLeast: z.int().default(0), by: z.enum(["total", "customer"]).optional(), customers: z.array(z.string()) }),
      sql: ({ rows, columns, params }) => {
        const atLeast: number = params.atLeast;
        return sql`SELECT * FROM ${rows} WHERE total >= ${atLeast} AND customer IN (SELECT value FROM json_each(${params.customers}))
                   ORDER BY ${columns[params.by ?? "total"]} ${params.by === "customer" ? sql`ASC` : sql`DESC`}`;
      },
    },
    count: {
      description: "How many.",
      params: z.object({}),
      row: z.object({ count: z.int() }),
      sql: ({ rows }) => sql`SELECT count(*) AS count FROM ${rows}`,
    },
  },
});

view("unknown-parameter", {
  ...base,
  queries: {
    top: {
      params: z.object({ atLeast: z.int() }),
      // @ts-expect-error -- there is no `atMost`
      sql: ({ rows, params }) => sql`SELECT * FROM ${rows} WHERE total <= ${params.atMost}`,
    },
  },
});

view("unknown-column", {
  ...base,
  queries: {
    // @ts-expect-error -- there is no column `sum`
    top: { params: z.object({}), sql: ({ rows, columns }) => sql`SELECT ${columns.sum} FROM ${rows}` },
  },
});

view("optional-parameter", {
  ...base,
  queries: {
    top: {
      params: z.object({ atLeast: z.int().optional() }),
      // @ts-expect-error -- `undefined` is no value of SQL
      sql: ({ rows, params }) => sql`SELECT * FROM ${rows} WHERE total >= ${params.atLeast}`,
    },
  },
});

view("text-is-not-sql", {
  ...base,
  queries: {
    // @ts-expect-error -- SQL is made by the tag
    top: { params: z.object({}), sql: () => "SELECT 1" },
  },
});

// @ts-expect-error -- the tag takes a template, not a string
sql("SELECT 1");

view("asynchronous", {
  ...base,
  queries: {
    // @ts-expect-error -- SQL is made synchronously
    top: { params: z.object({}), sql: async ({ rows }) => sql`SELECT * FROM ${rows}` },
  },
});
