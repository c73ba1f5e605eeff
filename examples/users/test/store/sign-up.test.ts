/**
 * The scenarios of Simple Sagas' coordinator against a real store, under their names. Three are in memory only (../sign-up.test.ts), where
 * the order of outcomes is the test's: testRetryUndoCommandOnFailure, testWaitForParallelActionsToCompleteBeforeUndo, and
 * testShortCircuitRetryOnParallelActionsBeforeUndo.
 */

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

interface Saga {
  readonly status: string;
  readonly failure?: { readonly step: string; readonly reason: string };
  readonly steps: readonly { readonly name: string; readonly status: string; readonly attempts: number }[];
}

/** Starts a sign-up of its own user and account, and waits for its end. */
async function signUp(id: string, input: object): Promise<Saga> {
  const body = { user: id, firstName: "First", lastName: "Last", account: id, funds: 1000, ...input };
  return (await api.request(`/sagas/sign-up/${id}`, { method: "POST", headers: { prefer: "wait=30" }, body })).body;
}

const reservations = (...amounts: number[]) => amounts.map((amount, index) => ({ reservation: `${index + 1}`, amount }));
const statuses = ({ steps }: Saga) => Object.fromEntries(steps.map(({ name, status }) => [name, status]));
const account = async (id: string) => (await api.account(id).state())?.state;
const user = async (id: string) => (await api.user(id).state())?.state;

describe("a sign-up", () => {
  it("testSuccessfulSaga", async () => {
    const person = await signUp("person", { reservations: reservations(500, 100) });
    expect(person.status).toBe("completed");
    expect(await account("person")).toEqual({ funds: 400, reserved: [] });
  });

  it("testShortCircuitOnFailure", async () => {
    await api.user("taken").InsertUser({ firstName: "First", lastName: "Last" }, { ifMatch: "absent" });
    const short = await signUp("taken", {});
    expect(short).toMatchObject({ status: "failed", failure: { step: "create user", reason: "user-already-created" } });
    expect(await account("taken")).toBeUndefined();
  });

  it("testRetryOnFailure", async () => {
    const tried = await signUp("taken-again", { user: "taken", retries: 1 });
    expect(tried).toMatchObject({
      status: "failed",
      steps: [{ name: "create user", status: "failed", attempts: 2 }, { status: "pending" }],
    });
  });

  it("testBypassUndoOnFailureIfNotDefined", async () => {
    const poor = await signUp("poor", { funds: 10, reservations: reservations(500) });
    expect(poor).toMatchObject({ status: "failed", failure: { step: "reserve 1", reason: "insufficient-funds" } });
    expect(statuses(poor)).toEqual({
      "create user": "undone",
      "create account": "undo-bypassed",
      "reserve 1": "failed",
      "confirm 1": "pending",
    });
    expect(await account("poor")).toEqual({ funds: 10, reserved: [] });
  });

  it("testUndoCommandOnFailure", async () => {
    const person = await signUp("u2", { reservations: reservations(500, 100, 550) });
    expect(person).toMatchObject({ status: "failed", failure: { step: "reserve 3", reason: "insufficient-funds" } });
    expect(statuses(person)).toMatchObject({ "reserve 1": "undone", "reserve 2": "undone", "reserve 3": "failed", "confirm 1": "pending" });
    expect([await user("u2"), await account("u2")]).toEqual([null, { funds: 1000, reserved: [] }]);
  });

  it("testParallelSuccessful", async () => {
    const atOnce = await signUp("at-once", { reservations: reservations(500, 100), atOnce: true });
    expect(atOnce.status).toBe("completed");
    expect(await account("at-once")).toEqual({ funds: 400, reserved: [] });
  });

  it("testFailureInParallel", async () => {
    const failing = await signUp("failing", { reservations: reservations(500, 2000), atOnce: true });
    expect(failing).toMatchObject({ status: "failed", failure: { step: "reserve 2", reason: "insufficient-funds" } });
    expect(statuses(failing)).toMatchObject({ "reserve 1": "undone", "reserve 2": "failed" });
    expect(await account("failing")).toEqual({ funds: 1000, reserved: [] });
  });

  it("testMultiActionTypeSaga", async () => {
    const plain = await signUp("plain", {});
    expect(statuses(plain)).toEqual({ "create user": "completed", "create account": "completed" });
    expect([await user("plain"), await account("plain")]).toMatchObject([{ firstName: "First" }, { funds: 1000 }]);
  });

  it("testInvalidActionSaga", async () => {
    const [one] = reservations(500);
    await expect(signUp("invalid", { reservations: [one, one] })).rejects.toMatchObject({
      code: "command-refused",
      problem: { reason: "invalid-plan" },
    });
    expect(await user("invalid")).toBeUndefined();
  });

  it("cannot take back what is confirmed, and reports that: the third request of their example, whose second confirmation fails", async () => {
    const lemuel = await signUp("lemuel", { reservations: reservations(500, 100, 350), adjustment: 50 });
    expect(lemuel).toMatchObject({ status: "failed", failure: { step: "confirm 2", reason: "insufficient-funds" } });
    expect(lemuel).toMatchObject({ undoFailed: ["reserve 1"] });
  });
});
