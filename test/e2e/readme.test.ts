/** README.md, followed to the letter, and the requests of shop.http. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Client } from "../../scripts/client.ts";
import { Reader, type Section, sectionsOf } from "./follow.ts";
import { requestsOf } from "./rest-client.ts";

const sections = sectionsOf("README.md");
const [program] = sections;
const start = sections.find(({ title }) => title === "Start");

describe("the README", () => {
  let reader: Reader;
  beforeAll(async () => {
    reader = await Reader.sitsDown();
  });
  afterAll(() => reader.leaves());

  it("starts the shop with one command, and its three calls get the answers shown", async () => {
    expect(await reader.follow(start as Section)).toBe(1);
  });

  it("has a file of requests to the shop, each of which gets the status that it notes", async () => {
    const file = readFileSync(join(reader.folder, "shop.http"), "utf8");
    const requests = requestsOf(file, { store: reader.url });
    expect(requests.length).toBeGreaterThan(30);
    for (const { title, status, send } of requests) expect(await send(), title).toBe(status);
  });

  it("shows a program that runs as soon as the worker names it, and works as described", async () => {
    await reader.follow(program as Section);
    const client = new Client(reader.url);
    const { status } = await client.call("/aggregates/account/a/Deposit", { amount: 100 });
    expect(status).toBe(200);
    const sent = await client.call<{ position: number }>("/aggregates/account/a/Send", { amount: 30, to: "b" }, { prefer: "wait=30" });
    expect(sent.status).toBe(200);
    expect(await client.call("/aggregates/account/a/Send", { amount: 71, to: "b" })).toMatchObject({
      status: 422,
      body: { reason: "not-enough-money", details: { balance: 70 } },
    });
    expect(await client.get("/views/balances/b", { prefer: "wait=30" })).toEqual({ account: "b", balance: 30 });
    expect(await client.get("/views/balances/a?consistency=strong")).toEqual({ account: "a", balance: 70 });
  });
});
