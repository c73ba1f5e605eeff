/** Mails to stakeholders, by a mail service that the test plays, and a store that is killed while one is on its way. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { createClient } from "headspring/client";
import { type TestStore, startStore } from "headspring/testing/store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { app } from "../../src/app.ts";

interface Received {
  readonly key: string;
  readonly email: string;
  readonly message: string;
}
const received: Received[] = [];
/** What is done when a mail has arrived, before it is answered. */
let onMail: (mail: Received) => Promise<void> = async () => {};
const service = createServer((request, response) => {
  void text(request).then(async (body) => {
    const mail = { key: String(request.headers["idempotency-key"]), ...JSON.parse(body) };
    received.push(mail);
    await onMail(mail);
    response.writeHead(202).end();
  });
});

let store: TestStore;
beforeAll(async () => {
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  store = await startStore({ variables: { MAIL_URL: `http://127.0.0.1:${(service.address() as AddressInfo).port}` } });
});
afterAll(async () => {
  await store?.stop();
  service.closeAllConnections();
  service.close();
});

const client = () => createClient<typeof app>(store.url);
/** The outcomes of the notices about a todo, as soon as there are so many. */
async function outcomes(id: string, count = 1) {
  const types: string[] = [];
  for await (const { type, stream } of client().log({ types: ["StakeholderNotifiedOfTodoCompletion", "StakeholderNotifiedOfStopWork"] })) {
    if (stream === `notice/${id}` && types.push(type) === count) return types;
  }
  return types;
}
const mailsTo = (address: string) => received.filter(({ email }) => email === address);

describe("a stakeholder", () => {
  it("gets one mail when a todo is completed, at the latest address, and none about other todos", async () => {
    const todo = client().todo("done");
    await todo.AddTodo({ title: "Buy milk", stakeholder_email: "customer@example.com" });
    await todo.AmendTodo({ stakeholder_email: "customer@example.org" });
    await todo.CompleteTodo({ completed_on: "2026-07-13" });
    expect(await outcomes("done")).toEqual(["StakeholderNotifiedOfTodoCompletion"]);
    expect(mailsTo("customer@example.org")).toMatchObject([{ message: "Completed: Buy milk" }]);
    expect(mailsTo("customer@example.com")).toEqual([]);
  });

  it("gets a mail that work has stopped when a todo is abandoned", async () => {
    await client().todo("stopped").AddTodo({ title: "Buy milk", stakeholder_email: "second@example.com" });
    await client().todo("stopped").AbandonTodo({ abandoned_on: "2026-07-13" });
    expect(await outcomes("stopped")).toEqual(["StakeholderNotifiedOfStopWork"]);
    expect(mailsTo("second@example.com")).toMatchObject([{ message: "Stopped: Buy milk" }]);
  });

  it("gets one mail, thanks to its key, from a store that is killed before the service has answered", async () => {
    await client().todo("killed").AddTodo({ title: "Buy milk", stakeholder_email: "third@example.com" });
    const arrived = new Promise<void>((resolve) => {
      onMail = async ({ email }) => {
        if (email !== "third@example.com") return;
        onMail = async () => {};
        await store.kill(); // it has asked, and never hears the answer
        resolve();
      };
    });
    await client().todo("killed").CompleteTodo({ completed_on: "2026-07-13" });
    await arrived;
    await store.startAgain();
    expect(await outcomes("killed")).toEqual(["StakeholderNotifiedOfTodoCompletion"]);
    const mails = mailsTo("third@example.com");
    expect(mails.length).toBeGreaterThan(1); // so the kill came in between
    expect(new Set(mails.map(({ key }) => key)).size).toBe(1); // and the service knows the repeat
  }, 120_000);
});
