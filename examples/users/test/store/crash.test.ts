/** The store is killed in the middle: of asynchronous commands, and of sagas. Nothing is lost, and nothing happens twice. */

import { createClient } from "headspring/client";
import { startStore } from "headspring/testing/store";
import { expect, it } from "vitest";
import type { app } from "../../src/app.ts";

const TIMEOUT = 120_000;

it(
  "asynchronous commands survive crashes: each acknowledged one has its result, and each is carried out once, however often it is sent",
  { timeout: TIMEOUT },
  async () => {
    await using store = await startStore();
    const api = createClient<typeof app>(store.url);
    const ids = Array.from({ length: 40 }, (_, index) => `user-${index}`);
    const insert = (id: string, prefer: string) =>
      api.request(`/aggregates/user/${id}/InsertUser`, {
        method: "POST",
        headers: { "idempotency-key": `insert-${id}`, "if-none-match": "*", prefer },
        body: { firstName: id, lastName: "Last" },
        repeat: false,
      });

    const sent = ids.map((id) => insert(id, "respond-async"));
    const answers = Promise.allSettled(sent);
    await Promise.any(sent);
    await store.kill();
    const settled = await answers;
    const acknowledged = ids.filter((_id, index) => settled[index]?.status === "fulfilled");
    await store.startAgain();

    for (const id of acknowledged) {
      const { body } = await api.request(`/aggregates/user/${id}/commands/insert-${id}?wait=20`);
      expect(body).toMatchObject({ status: "accepted", version: 1, position: expect.any(Number) });
    }
    for (const id of ids) expect((await insert(id, "wait=20")).body).toMatchObject({ version: 1, events: [{ type: "UserInserted" }] });
    const stored: string[] = [];
    for await (const { stream } of api.log({ live: false })) stored.push(stream);
    expect(stored.toSorted()).toEqual(ids.map((id) => `user/${id}`).toSorted());
  },
);

it("sagas survive crashes: each ends, and each action is carried out once", { timeout: TIMEOUT }, async () => {
  await using store = await startStore();
  const api = createClient<typeof app>(store.url);
  const reservations = [100, 200, 300].map((amount) => ({ reservation: `${amount}`, amount }));
  const ids = Array.from({ length: 8 }, (_, index) => `saga-${index}`);
  for (const id of ids) {
    const body = { user: id, firstName: id, lastName: "Last", account: id, funds: 1000, reservations };
    await api.request(`/sagas/sign-up/${id}`, { method: "POST", headers: { prefer: "respond-async" }, body });
  }
  for await (const { position } of api.log({ types: ["FundsReserved"] })) if (position > 0) break;
  await store.kill();
  await store.startAgain();

  for (const id of ids) {
    const { body } = await api.request(`/sagas/sign-up/${id}?wait=30`);
    expect(body).toMatchObject({ status: "completed" });
    const types: string[] = [];
    for await (const { type } of api.account(id).events()) types.push(type);
    const each = [
      "FundsReserved",
      "FundsReserved",
      "FundsReserved",
      "ReservationConfirmed",
      "ReservationConfirmed",
      "ReservationConfirmed",
    ];
    expect(types).toEqual(["AccountCreated", ...each]);
    expect((await api.account(id).state())?.state).toEqual({ funds: 400, reserved: [] });
  }
});
