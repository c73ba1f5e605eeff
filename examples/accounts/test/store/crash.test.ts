/** A hundred transfers, and the store is killed in the middle of them: no cent is lost, and none is made. */

import { afterAll, beforeAll, expect, it } from "vitest";
import { type Bank, askAgain, open, send, startBank } from "./support.ts";

const ACCOUNTS = Array.from({ length: 8 }, (_, index) => `account-${index}`);
const [TRANSFERS, OPENING, CENTS] = [100, 500, 60] as const;

let bank: Bank;
beforeAll(async () => {
  bank = await startBank();
});
afterAll(() => bank.stop());

/** Where the money goes: to another account, to one that is closed, or to one that nobody has opened. */
const target = (number: number) => {
  if (number % 10 === 3) return "closed";
  return number % 10 === 7 ? "unknown" : (ACCOUNTS[(number * 3 + 1) % ACCOUNTS.length] as string);
};

it("a bank keeps the sum of all balances through two crashes in the middle of a hundred transfers", async () => {
  await open(bank, ACCOUNTS, OPENING);
  await send(bank.commands, "/aggregates/account/closed/Open", { owner: "nobody" });
  await send(bank.commands, "/aggregates/account/closed/Close", {});

  let ended = 0;
  const started = Array.from({ length: TRANSFERS }, async (_, number) => {
    const from = ACCOUNTS[number % ACCOUNTS.length] as string;
    // Sent until it is answered, under one key: an answer that a crash has swallowed starts no second transfer.
    const { status } = await send(
      bank.commands,
      `/sagas/transfer/t${number}`,
      { from, to: target(number), cents: CENTS },
      `start-${number}`,
    );
    expect([200, 202]).toContain(status);
    ended += 1;
  });
  for (const part of [0.2, 0.6]) {
    await expect.poll(() => ended, { timeout: 120_000 }).toBeGreaterThanOrEqual(TRANSFERS * part);
    await bank.commands.kill();
    await bank.commands.startAgain();
  }
  await Promise.all(started);

  const results = await Promise.all(
    Array.from({ length: TRANSFERS }, async (_, number) => {
      const { body } = await askAgain(bank.commands, `/sagas/transfer/t${number}?wait=30`);
      return body as { status: string; failure?: { reason: string }; input: { from: string; to: string }; undoFailed?: unknown };
    }),
  );
  // Each ends, in one of the ways that its target allows, and with nothing that could not be undone.
  for (const { status, failure, input, undoFailed } of results) {
    const reason = { closed: "account-closed", unknown: "unknown-account" }[input.to];
    expect([reason ?? "completed", "insufficient-funds"]).toContain(failure?.reason ?? status);
    expect(undoFailed).toBeUndefined();
  }
  expect(results.filter(({ status }) => status === "completed").length).toBeGreaterThan(0);

  const { body } = await askAgain(bank.queries, "/views/balances?limit=200&consistency=strong", { prefer: "wait=30" });
  const balances = new Map(body.rows.map((one: { account: string; cents: number }) => [one.account, one.cents]));
  const completed = results.filter(({ status }) => status === "completed").map(({ input }) => input);
  const count = (side: "from" | "to", account: string) => completed.filter((input) => input[side] === account).length;
  // Every account has exactly what the transfers that were completed say: each has moved its money once.
  for (const account of ACCOUNTS)
    expect([account, balances.get(account)]).toEqual([account, OPENING + CENTS * (count("to", account) - count("from", account))]);
  const total = await askAgain(bank.queries, "/views/balances/queries/total?consistency=strong");
  expect(total.body.rows).toEqual([{ accounts: ACCOUNTS.length, cents: ACCOUNTS.length * OPENING }]);
}, 300_000);
