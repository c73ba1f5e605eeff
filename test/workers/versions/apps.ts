/** One app before and after a deployment that adds something of every kind. */

import * as z from "zod";
import {
  aggregate,
  category,
  defineApp,
  effect,
  event,
  nothing,
  processManager,
  reactor,
  saga,
  send,
  series,
  step,
  streamIdOf,
  upcast,
  view,
  webhook,
} from "../../../src/index.ts";

const OpenedV1 = z.object({ owner: z.string() });
const OpenedV2 = OpenedV1.extend({ currency: z.string() });

const mails = category("mail", { events: { Mailed: z.object({ to: z.string() }) } });

const Transfer = z.object({ from: z.string(), to: z.string(), amount: z.int().positive() });

function before() {
  const account = aggregate("account", {
    events: { Opened: OpenedV1, Deposited: z.object({ amount: z.int() }) },
    commands: { Open: z.object({ owner: z.string() }), Deposit: z.object({ amount: z.int() }) },
    initialState: () => ({ total: 0 }),
    evolve: { Opened: (state) => state, Deposited: ({ total }, { amount }) => ({ total: total + amount }) },
    decide: { Open: (_state, open) => event("Opened", open), Deposit: (_state, deposit) => event("Deposited", deposit) },
  });
  const book = aggregate("book", {
    events: { Written: z.object({ line: z.string() }) },
    commands: { Write: z.object({ line: z.string() }) },
    initialState: () => ({ lines: 0 }),
    evolve: { Written: ({ lines }) => ({ lines: lines + 1 }) },
    decide: { Write: (_state, write) => event("Written", write) },
  });
  const greet = reactor("greet", {
    from: account,
    emits: book,
    on: { Opened: ({ stream, data }) => send(book, streamIdOf(stream), "Write", { line: data.owner }) },
  });
  const owners = view("owners", {
    from: account,
    row: z.object({ account: z.string(), owner: z.string() }),
    key: "account",
    on: { Opened: (_row, { stream, data }) => ({ account: streamIdOf(stream), owner: data.owner }) },
  });
  const transfer = saga("transfer", {
    input: Transfer,
    steps: ({ from, to, amount }) =>
      series(
        step("take", {
          action: () => send(account, from, "Deposit", { amount: -amount }),
          undo: () => send(account, from, "Deposit", { amount }),
        }),
        step("give", { action: () => send(account, to, "Deposit", { amount }) }),
      ),
  });
  return defineApp({ aggregates: [account, book], categories: [mails], views: [owners], processors: [greet, transfer] });
}

function after() {
  const account = aggregate("account", {
    events: {
      Opened: upcast(OpenedV1, OpenedV2, (opened) => ({ ...opened, currency: "EUR" })),
      Deposited: z.object({ amount: z.int(), memo: z.string().optional() }),
      Closed: z.object({ why: z.string() }),
    },
    commands: {
      Open: z.object({ owner: z.string(), currency: z.string().default("CHF") }),
      Deposit: z.object({ amount: z.int(), memo: z.string().optional() }),
      Close: z.object({ why: z.string() }),
    },
    initialState: () => ({ total: 0 }),
    evolve: {
      Opened: (state) => state,
      Deposited: ({ total }, { amount }) => ({ total: total + amount }),
      Closed: (state) => state,
    },
    decide: {
      Open: (_state, open) => event("Opened", open),
      Deposit: (_state, deposit) => event("Deposited", deposit),
      Close: (_state, close) => event("Closed", close),
    },
  });
  const book = aggregate("book", {
    events: {
      Written: z.object({ line: z.string(), currency: z.string().optional() }),
      Sealed: z.object({ by: z.string() }),
    },
    commands: {
      Write: z.object({ line: z.string(), currency: z.string().optional() }),
      Seal: z.object({ by: z.string() }),
    },
    initialState: () => ({ lines: 0 }),
    evolve: { Written: ({ lines }) => ({ lines: lines + 1 }), Sealed: (state) => state },
    decide: { Write: (_state, write) => event("Written", write), Seal: (_state, seal) => event("Sealed", seal) },
  });
  const badge = aggregate("badge", {
    events: { Granted: z.object({ for: z.string() }) },
    commands: { Grant: z.object({ for: z.string() }) },
    initialState: () => ({ granted: 0 }),
    evolve: { Granted: ({ granted }) => ({ granted: granted + 1 }) },
    decide: { Grant: (_state, grant) => event("Granted", grant) },
  });
  // An optional field of a command that there was before.
  const greet = reactor("greet", {
    from: account,
    emits: book,
    on: {
      Opened: ({ stream, data }) => send(book, streamIdOf(stream), "Write", { line: data.owner, currency: data.currency }),
    },
  });
  // A reactor with a command to an aggregate that there was not, and a new one to one that there was.
  const reward = reactor("reward", {
    from: account,
    emits: [badge, book],
    on: {
      Opened: ({ stream }) => [
        send(badge, streamIdOf(stream), "Grant", { for: "opening" }),
        send(book, streamIdOf(stream), "Seal", { by: "reward" }),
      ],
    },
  });
  const owners = view("owners", {
    from: account,
    row: z.object({ account: z.string(), owner: z.string() }),
    key: "account",
    on: { Opened: (_row, { stream, data }) => ({ account: streamIdOf(stream), owner: data.owner }) },
  });
  const accounts = view("accounts", {
    from: account,
    row: z.object({ account: z.string(), currency: z.string(), total: z.int(), memos: z.array(z.string()), closed: z.boolean() }),
    key: "account",
    on: {
      Opened: (row, { stream, data }) => ({
        account: streamIdOf(stream),
        currency: data.currency,
        total: row?.total ?? 0,
        memos: row?.memos ?? [],
        closed: false,
      }),
      Deposited: (row, { data }) =>
        row ? { ...row, total: row.total + data.amount, memos: [...row.memos, ...(data.memo === undefined ? [] : [data.memo])] } : null,
      Closed: (row) => (row ? { ...row, closed: true } : null),
    },
  });
  const mail = effect("mail", {
    from: account,
    records: mails,
    on: {
      Opened: async ({ data, stream }, { fetch }) => {
        await fetch("http://mail.test/", {
          method: "POST",
          body: JSON.stringify({ data: { stream, version: 1, currency: data.currency } }),
        });
        return event("Mailed", { to: data.owner });
      },
    },
  });
  const welcome = processManager("welcome", {
    from: account,
    to: [book, badge],
    correlate: { Opened: ({ stream }) => streamIdOf(stream) },
    events: { Welcomed: z.object({}) },
    initialState: () => ({}),
    evolve: { Welcomed: (state) => state },
    on: { Opened: (_state, { stream }) => send(book, streamIdOf(stream), "Seal", { by: "welcome" }) },
    onAccepted: { Seal: () => event("Welcomed", {}) },
    onRefused: { Seal: () => nothing() },
  });
  const transfer = saga("transfer", {
    input: Transfer,
    steps: ({ from, to, amount }) =>
      series(
        step("take", {
          action: () => send(account, from, "Deposit", { amount: -amount }),
          undo: () => send(account, from, "Deposit", { amount }),
        }),
        step("give", { action: () => send(account, to, "Deposit", { amount, memo: `from ${from}` }) }),
        step("thank", { action: () => send(badge, from, "Grant", { for: "a transfer" }) }),
        step("seal", { action: () => send(book, from, "Seal", { by: "transfer" }) }),
      ),
  });
  const opened = webhook("opened", {
    from: account,
    types: ["Opened"],
    where: ({ data }) => data.currency !== "",
    url: { variable: "OPENED_URL" },
    secret: { variable: "OPENED_SECRET" },
  });
  return defineApp({
    aggregates: [account, book, badge],
    categories: [mails],
    views: [owners, accounts],
    processors: [greet, reward, mail, welcome, transfer],
    webhooks: [opened],
  });
}

export const oldApp = before();
export const newApp = after();
