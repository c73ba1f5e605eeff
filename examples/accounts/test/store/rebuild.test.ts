/** The balances are destroyed and built again, while deposits go on. */

import { afterAll, beforeAll, expect, it } from "vitest";
import { type Bank, askAgain, open, send, startBank } from "./support.ts";

const ACCOUNTS = Array.from({ length: 10 }, (_, index) => `account-${index}`);

let bank: Bank;
beforeAll(async () => {
  bank = await startBank();
});
afterAll(() => bank.stop());

it("a bank rebuilds its balances while deposits go on, and no query notices", async () => {
  await open(bank, ACCOUNTS, 100);
  const expected = new Map(ACCOUNTS.map((account) => [account, 100]));
  const over = new AbortController();
  const deposits = ACCOUNTS.map(async (account, index) => {
    for (let cents = index + 1; !over.signal.aborted; cents++) {
      await send(bank.commands, `/aggregates/account/${account}/Deposit`, { cents });
      expected.set(account, (expected.get(account) ?? 0) + cents);
    }
  });
  /** A client that reads sees every account, with no less than before. */
  const seen = new Map<string, number>();
  const reader = (async () => {
    while (!over.signal.aborted) {
      const { status, body } = await askAgain(bank.queries, "/views/balances?limit=200&consistency=strong");
      expect(status).toBe(200);
      expect(body.rows).toHaveLength(ACCOUNTS.length);
      for (const { account, cents } of body.rows as { account: string; cents: number }[]) {
        expect(cents).toBeGreaterThanOrEqual(seen.get(account) ?? 0);
        seen.set(account, cents);
      }
    }
  })();

  const generation = async () => (await fetch(`${bank.queries.url}/views/balances?limit=1`)).headers.get("headspring-live")?.split("-")[1];
  const before = await generation();
  for (let rebuild = 1; rebuild <= 3; rebuild++) {
    expect((await send(bank.commands, "/views/balances/rebuild", {})).status).toBe(202);
    const isBuilt = async () => {
      const { body } = await askAgain(bank.commands, "/consumers/balances");
      return body.rebuild === undefined && body.status !== "rebuilding";
    };
    await expect.poll(isBuilt, { timeout: 60_000 }).toBe(true);
  }
  expect(await generation()).toBe(`${before}_3`);
  over.abort();
  await Promise.all([...deposits, reader]);

  const { body } = await askAgain(bank.queries, "/views/balances?limit=200&consistency=strong");
  expect(new Map(body.rows.map((one: { account: string; cents: number }) => [one.account, one.cents]))).toEqual(expected);
  // The table and what the accounts themselves know are the same.
  for (const [account, cents] of expected)
    expect(await askAgain(bank.commands, `/aggregates/account/${account}`)).toMatchObject({ body: { state: { cents } } });
});
