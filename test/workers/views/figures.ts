/** Figures of a shop: totals by customer, stock by product, and a series by day. docs/views.md shows the same code. */

import * as z from "zod";
import { category, sql, view } from "../../../src/index.ts";

const Line = z.object({ sku: z.string(), quantity: z.int(), cents: z.int() });

export const sale = category("sale", {
  events: {
    Sold: z.object({ customer: z.string(), lines: z.array(Line) }),
    Refunded: z.object({ customer: z.string(), lines: z.array(Line) }),
  },
});

export const delivery = category("delivery", { events: { Delivered: z.object({ sku: z.string(), quantity: z.int() }) } });

// ── customer totals ──

const centsOf = (lines: readonly { quantity: number; cents: number }[]) =>
  lines.reduce((sum, { quantity, cents }) => sum + quantity * cents, 0);

export const customerTotals = view("customer-totals", {
  from: sale,
  row: z.object({ customer: z.string(), sales: z.int(), cents: z.int() }),
  key: "customer",
  indexes: ["cents"],
  on: {
    Sold: {
      at: ({ data }) => data.customer,
      fold: (row, { data }, customer) => ({
        customer,
        sales: (row?.sales ?? 0) + 1,
        cents: (row?.cents ?? 0) + centsOf(data.lines),
      }),
    },
    Refunded: {
      at: ({ data }) => data.customer,
      fold: (row, { data }, customer) => ({
        customer,
        sales: row?.sales ?? 0,
        cents: (row?.cents ?? 0) - centsOf(data.lines),
      }),
    },
  },
  queries: {
    top: {
      description: "The customers who spent most, with their share of everything.",
      params: z.object({ count: z.int().min(1).max(100).default(10) }),
      row: z.object({ customer: z.string(), cents: z.int(), share: z.number() }),
      sql: ({ rows, params }) => sql`
        SELECT customer, cents, 1.0 * cents / sum(cents) OVER () AS share
        FROM ${rows} ORDER BY cents DESC, customer LIMIT ${params.count}`,
    },
  },
});

// ── stock by product ──

export const stockByProduct = view("stock-by-product", {
  from: [sale, delivery],
  row: z.object({ sku: z.string(), stock: z.int(), sold: z.int() }),
  key: "sku",
  on: {
    Delivered: {
      at: ({ data }) => data.sku,
      fold: (row, { data }, sku) => ({ sku, stock: (row?.stock ?? 0) + data.quantity, sold: row?.sold ?? 0 }),
    },
    Sold: {
      at: ({ data }) => [...new Set(data.lines.map(({ sku }) => sku))],
      fold: (row, { data }, sku) => {
        const quantity = data.lines.filter((line) => line.sku === sku).reduce((sum, line) => sum + line.quantity, 0);
        return { sku, stock: (row?.stock ?? 0) - quantity, sold: (row?.sold ?? 0) + quantity };
      },
    },
  },
});

// ── sales per day ──

export const salesPerDay = view("sales-per-day", {
  from: sale,
  row: z.object({ day: z.iso.date(), sales: z.int(), customers: z.array(z.string()) }),
  key: "day",
  on: {
    Sold: {
      // `time` has the writer's offset; a day of the series is one of UTC.
      at: ({ time }) => new Date(time).toISOString().slice(0, 10),
      fold: (row, { data }, day) => ({
        day,
        sales: (row?.sales ?? 0) + 1,
        customers: [...new Set([...(row?.customers ?? []), data.customer])].toSorted(),
      }),
    },
  },
  queries: {
    running: {
      description: "Sales by day, and all until then.",
      params: z.object({ from: z.iso.date(), to: z.iso.date() }),
      row: z.object({ day: z.iso.date(), sales: z.int(), total: z.int() }),
      sql: ({ rows, params }) => sql`
        SELECT day, sales, total
        FROM (SELECT day, sales, sum(sales) OVER (ORDER BY day) AS total FROM ${rows})
        WHERE day BETWEEN ${params.from} AND ${params.to} ORDER BY day`,
    },
  },
});
