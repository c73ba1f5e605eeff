/** What the API of commands promises in Simple Sourcing, against a real store: sequences, asynchronous commands, results, repeats. */

import { type Client, createClient } from "headspring/client";
import { type TestStore, startStore } from "headspring/testing/store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { app } from "../../src/app.ts";

let store: TestStore;
let api: Client<typeof app>;
beforeAll(async () => {
  store = await startStore();
  api = createClient<typeof app>(store.url);
}, 60_000);
afterAll(() => store.stop());

/** Their `publishCommand`: sends a command without waiting for its result. */
const publish = (id: string, commandId: string, path: string, body: object, sequence: number) =>
  api.request(`/aggregates/user/${id}/${path}`, {
    method: "POST",
    headers: { "idempotency-key": commandId, "if-match": `"${sequence}"`, prefer: "respond-async" },
    body,
  });
/** Their `queryCommandResult`. */
const result = async (id: string, commandId: string) =>
  (await api.request(`/aggregates/user/${id}/commands/${commandId}?wait=10`)).body as Record<string, unknown>;

const NAME = { firstName: "First", lastName: "Last" };

describe('Strict: an aggregate with `ifMatch: "required"`', () => {
  it("accepts the first of two clients that have read the same version; the other one reads again", async () => {
    const subject = api.user("strict");
    await subject.InsertUser(NAME, { ifMatch: "absent" });
    const [one, other] = [await subject.state(), await subject.state()];
    await subject.UpdateYearOfBirth({ yearOfBirth: 1991 }, { ifMatch: one?.version });
    await expect(subject.UpdateYearOfBirth({ yearOfBirth: 1990 }, { ifMatch: other?.version })).rejects.toMatchObject({
      code: "version-conflict",
    });
    const again = await subject.UpdateYearOfBirth({ yearOfBirth: 1990 }, { ifMatch: (await subject.state())?.version });
    expect(again).toMatchObject({ ok: true, version: 3 });
  });

  it("refuses a command that does not name a version", async () => {
    await expect(api.user("careless").InsertUser(NAME)).rejects.toMatchObject({ code: "precondition-required", status: 428 });
  });
});

describe("LastWriteWins: an aggregate without", () => {
  it("accepts both, one after the other, each decided on the state that the previous one left", async () => {
    const purse = api.account("lax");
    await purse.CreateAccount({ userName: "First", funds: 100 });
    const both = await Promise.all(["one", "two"].map((reservation) => purse.ReserveFunds({ reservation, amount: 60 })));
    expect(both.filter(({ ok }) => ok)).toHaveLength(1);
    expect(both.find(({ ok }) => !ok)).toEqual({ ok: false, reason: "insufficient-funds" });
  });

  it("checks a version if a request names one", async () => {
    await expect(api.account("lax").AddFunds({ amount: 1 }, { ifMatch: 1 })).rejects.toMatchObject({ code: "version-conflict" });
  });
});

describe("publishCommand and queryCommandResult: a command with `Prefer: respond-async`, and its result later", () => {
  it("is answered with a 202 and the address of the result", async () => {
    const { status, headers, body } = await publish("async", "c-1", "InsertUser", NAME, 0);
    expect([status, body]).toEqual([202, { commandId: "c-1", stream: "user/async" }]);
    expect(headers.get("location")).toBe("/aggregates/user/async/commands/c-1");
    expect(await result("async", "c-1")).toMatchObject({
      status: "accepted",
      version: 1,
      events: [{ type: "UserInserted" }],
      position: expect.any(Number),
    });
  });

  it("shows a refusal and a failure in the result", async () => {
    await publish("nobody", "c-2", "DeleteUser", {}, 0);
    expect(await result("nobody", "c-2")).toMatchObject({ status: "refused", reason: "no-such-user" });
    await publish("nobody", "c-3", "BuggyCommand", { throwInCommandHandler: true, throwInEventHandler: false }, 0);
    expect(await result("nobody", "c-3")).toMatchObject({ status: "failed" });
  });

  it("reports an invalid sequence at once, because a command is decided when it arrives", async () => {
    await expect(publish("async", "c-4", "UpdateYearOfBirth", { yearOfBirth: 1991 }, 666)).rejects.toMatchObject({
      code: "version-conflict",
    });
  });

  it("keeps the result: it is the same whenever and however often it is asked for", async () => {
    expect(await result("async", "c-1")).toEqual(await result("async", "c-1"));
    await expect(result("async", "c-unknown")).rejects.toMatchObject({ code: "unknown-command-id" });
  });
});

describe("the same command twice", () => {
  it("is carried out once, and gets the first answer again", async () => {
    const subject = api.user("twice");
    const options = { ifMatch: "absent", idempotencyKey: "twice" } as const;
    const first = await subject.InsertUser(NAME, options);
    const again = await subject.InsertUser(NAME, options);
    expect(again).toEqual({ ...first, replayed: true });
    expect((await subject.state())?.version).toBe(1);
  });

  it("is refused when it is not the same", async () => {
    const other = api.user("twice").InsertUser({ ...NAME, firstName: "Second" }, { ifMatch: "absent", idempotencyKey: "twice" });
    await expect(other).rejects.toMatchObject({ code: "idempotency-conflict" });
  });
});

describe("AggregateNotFound", () => {
  it("is an aggregate that the app does not have", async () => {
    const request = api.request("/aggregates/nobody/1/InsertUser", { method: "POST", body: NAME });
    await expect(request).rejects.toMatchObject({ code: "unknown-aggregate", status: 404 });
  });

  it("is a stream that does not exist, if the command demands that", async () => {
    await expect(api.account("none").AddFunds({ amount: 1 }, { ifMatch: "*" })).rejects.toMatchObject({
      code: "version-conflict",
      status: 412,
    });
  });
});

describe("a projection", () => {
  it("shows a write to a query that asks for it", async () => {
    const inserted = await api.user("seen").InsertUser(NAME, { ifMatch: "absent" });
    expect(await api.views.users.get("seen", { after: inserted })).toEqual({ id: "seen", ...NAME, yearOfBirth: null });
  });
});
