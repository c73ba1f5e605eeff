/** What can be read. Both workers know these definitions: the commands worker folds the rows, the queries worker serves them. */

import { processesView, sql, streamIdOf, view } from "headspring";
import * as z from "zod";
import { account } from "./account.ts";
import { transfer } from "./transfer.ts";

export const balances = view("balances", {
  description: "All accounts with their balances.",
  from: account,
  row: z.object({ account: z.string(), owner: z.string(), status: z.enum(["open", "closed"]), cents: z.int(), changedAt: z.string() }),
  key: "account",
  indexes: ["owner"],
  // Change it with the handlers: each worker is a build of its own, and what a build has made of the same code may differ.
  revision: 1,
  on: {
    AccountOpened: (_row, { stream, data, time }) => ({
      account: streamIdOf(stream),
      owner: data.owner,
      status: "open",
      cents: 0,
      changedAt: time,
    }),
    MoneyDeposited: (row, { data, time }) => changed(row, data.cents, time),
    MoneyWithdrawn: (row, { data, time }) => changed(row, -data.cents, time),
    MoneySent: (row, { data, time }) => changed(row, -data.cents, time),
    MoneyReceived: (row, { data, time }) => changed(row, data.cents, time),
    MoneyReturned: (row, { data, time }) => changed(row, data.cents, time),
    AccountClosed: (row, { time }) => (row ? { ...row, status: "closed", changedAt: time } : null),
  },
  queries: {
    total: {
      description: "The number of open accounts, and what is in them together.",
      params: z.object({}),
      row: z.object({ accounts: z.int(), cents: z.int() }),
      sql: ({ rows }) => sql`SELECT count(*) AS accounts, ifnull(sum(cents), 0) AS cents FROM ${rows} WHERE status = 'open'`,
    },
  },
});

export const transfers = processesView("transfers", [transfer]);

interface Row {
  readonly account: string;
  readonly owner: string;
  readonly status: "open" | "closed";
  readonly cents: number;
  readonly changedAt: string;
}

function changed(row: Row | undefined, cents: number, changedAt: string): Row | null {
  return row ? { ...row, cents: row.cents + cents, changedAt } : null;
}
