/** Both workers in the real runtime: what the README promises. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bank, ask, askAgain, open, send, startBank } from "./support.ts";

let bank: Bank;
beforeAll(async () => {
  bank = await startBank();
});
afterAll(() => bank.stop());

const command = (account: string, name: string, body: object = {}) => send(bank.commands, `/aggregates/account/${account}/${name}`, body);
const transfer = (id: string, body: object) => send(bank.commands, `/sagas/transfer/${id}`, body);
const row = (account: string) => askAgain(bank.queries, `/views/balances/${account}?consistency=strong`);

describe("a bank", () => {
  it("opens, takes deposits, pays out, transfers and closes; each refusal names its reason", async () => {
    await open(bank, ["salary", "rent"], 200_00);
    expect(await command("salary", "Withdraw", { cents: 50_00 })).toMatchObject({ status: 200 });
    expect(await command("salary", "Withdraw", { cents: 151_00 })).toMatchObject({ status: 422, body: { reason: "insufficient-funds" } });
    expect(await transfer("first", { from: "salary", to: "rent", cents: 150_00 })).toMatchObject({
      status: 200,
      body: { status: "completed" },
    });
    expect(await row("salary")).toMatchObject({ body: { owner: "salary", status: "open", cents: 0 } });
    expect(await row("rent")).toMatchObject({ body: { cents: 350_00 } });
    expect(await command("rent", "Close")).toMatchObject({ status: 422, body: { reason: "not-empty", details: { cents: 350_00 } } });
    expect(await command("salary", "Close")).toMatchObject({ status: 200 });
    expect(await row("salary")).toMatchObject({ body: { status: "closed" } });
    for (const name of ["Deposit", "Withdraw"])
      expect(await command("salary", name, { cents: 1 })).toMatchObject({ status: 422, body: { reason: "account-closed" } });
    expect(await command("nobody", "Deposit", { cents: 1 })).toMatchObject({ status: 422, body: { reason: "unknown-account" } });
    // A step of a transfer cannot be sent from outside.
    expect(await command("rent", "Receive", { transfer: "x", from: "salary", cents: 1 })).toMatchObject({
      body: { code: "unknown-command" },
    });
    expect(await transfer("self", { from: "rent", to: "rent", cents: 1 })).toMatchObject({ status: 400 });
  });

  it.each([
    ["closed", "account-closed"],
    ["unknown", "unknown-account"],
  ])("gives the money back when the other account is %s", async (to, reason) => {
    const from = `from-${to}`;
    await open(bank, [from], 100);
    if (to === "closed") {
      await command(to, "Open", { owner: to });
      await command(to, "Close");
    }
    expect(await transfer(`to-${to}`, { from, to, cents: 60 })).toMatchObject({
      body: { status: "failed", failure: { step: "give", reason } },
    });
    expect(await row(from)).toMatchObject({ body: { cents: 100 } });
    // The statement of the account: the events behind its row, the latest first.
    const { body } = await askAgain(bank.queries, `/views/balances/${from}/events`);
    expect(body.events.map(({ type }: { type: string }) => type)).toEqual([
      "MoneyReturned",
      "MoneySent",
      "MoneyDeposited",
      "AccountOpened",
    ]);
  });
});

describe("the worker for queries", () => {
  it("answers with one's own writes, by the position in the other worker's answer", async () => {
    await open(bank, ["writer"], 1);
    for (let total = 2; total <= 10; total++) {
      const { body } = await command("writer", "Deposit", { cents: 1 });
      expect(await askAgain(bank.queries, `/views/balances/writer?minPosition=${body.position}`)).toMatchObject({
        status: 200,
        body: { cents: total },
      });
    }
  });

  it("answers with named queries, and with transfers by their status, from the tables that the other worker keeps", async () => {
    const total = await askAgain(bank.queries, "/views/balances/queries/total?consistency=strong");
    const { body } = await askAgain(bank.queries, "/views/balances?status=open&limit=200");
    const cents = body.rows.map((one: { cents: number }) => one.cents);
    expect(total.body.rows).toEqual([{ accounts: cents.length, cents: cents.reduce((sum: number, one: number) => sum + one, 0) }]);
    const transfers = await askAgain(bank.queries, "/views/transfers?status=completed&consistency=strong");
    expect(transfers.body.rows).toMatchObject([{ id: "transfer/first" }]);
    for (const { body } of [total, transfers]) expect(body).not.toHaveProperty("stale");
  });

  it("refuses commands, and names the worker that handles them", async () => {
    const response = await fetch(`${bank.queries.url}/aggregates/account/rent/Deposit`, { method: "POST", body: '{"cents":1}' });
    expect([response.status, (await response.json<{ detail: string }>()).detail]).toEqual([
      404,
      expect.stringContaining("only answers queries"),
    ]);
    const { body } = await askAgain(bank.queries, "/openapi.json");
    expect(Object.keys(body.paths)).toContain("/views/balances");
    expect(Object.values(body.paths).flatMap((methods) => Object.keys(methods as object))).not.toContain("post");
  });

  it("follows the rows live", async () => {
    await open(bank, ["live"], 1);
    const first = await fetch(`${bank.queries.url}/views/balances?account=live&consistency=strong`);
    const after = first.headers.get("headspring-live") ?? "";
    const stream = await fetch(`${bank.queries.url}/views/balances?account=live&after=${after}`, {
      headers: { accept: "text/event-stream" },
    });
    await command("live", "Deposit", { cents: 41 });
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("event: row")) text += (await reader.read()).value ?? "";
    expect(text).toContain('"cents":42');
    await reader.cancel();
  });

  it("goes on answering while the other worker is away, and when it is back", async () => {
    await open(bank, ["absent"], 7);
    await row("absent");
    await bank.commands.kill();
    // Also where it has never asked: it may have been started in the meantime.
    await bank.queries.startAgain();
    for (const path of ["/views/balances/absent", "/views/balances?account=absent", "/views/balances/queries/total"])
      expect(await ask(bank.queries, path)).toMatchObject({ status: 200 });
    expect(await ask(bank.queries, "/views/balances/absent?consistency=strong")).toMatchObject({
      status: 503,
      body: { code: "unavailable" },
    });
    await bank.commands.startAgain();
    const { body } = await command("absent", "Deposit", { cents: 3 });
    // On this machine it takes a moment until the one finds the other again.
    const again = () => ask(bank.queries, `/views/balances/absent?minPosition=${body.position}`);
    await expect.poll(again, { timeout: 60_000 }).toMatchObject({ body: { cents: 10 } });
  });
});
