import { event } from "headspring";
import { on, when } from "headspring/testing";
import { describe, expect, it } from "vitest";
import { notifier } from "../src/notices.ts";

const data = { title: "Buy milk", stakeholder_email: "customer@example.com" };
const recordedAt = "2017-06-13T10:00:00.000Z";
const completed = on("todo/1", event("CompletionNoticeDue", data), { recordedAt });
const stopped = on("todo/1", event("StopWorkNoticeDue", data), { recordedAt });
const service = (fetch: (request: Request) => Response | Promise<Response>) => ({ variables: { MAIL_URL: "https://mail.example" }, fetch });
/** A service that takes mails, and those that it has taken. */
function mailbox() {
  const mails: unknown[] = [];
  const outside = service(async (request) => {
    expect(request.headers.get("idempotency-key")).toMatch(/^[0-9a-f-]{36}$/);
    mails.push(await request.json());
    return new Response(null, { status: 202 });
  });
  return { mails, outside };
}

describe("the notifier", () => {
  it("writes that a todo is completed, and records it under the todo", async () => {
    const { mails, outside } = mailbox();
    await when(notifier, completed, outside).thenRecords(
      event("StakeholderNotifiedOfTodoCompletion", { notified_on: "2017-06-13" }),
      "notice/1",
    );
    expect(mails).toEqual([{ email: "customer@example.com", message: "Completed: Buy milk" }]);
  });

  it("writes that work on a todo has stopped", async () => {
    const { mails, outside } = mailbox();
    await when(notifier, stopped, outside).thenRecords(event("StakeholderNotifiedOfStopWork", { notified_on: "2017-06-13" }), "notice/1");
    expect(mails).toEqual([{ email: "customer@example.com", message: "Stopped: Buy milk" }]);
  });

  it("records that no service is configured", async () => {
    const reason = 'Error: effect "notifier" needs the variable MAIL_URL, which is not set';
    await when(notifier, completed, { ...mailbox().outside, variables: {} }).thenRecords(event("StakeholderNotNotified", { reason }));
  });

  it("records what the service does not accept, and tries again while it is down", async () => {
    const refusing = service(() => new Response("no such address", { status: 422 }));
    await when(notifier, completed, refusing).thenRecords(event("StakeholderNotNotified", { reason: "the mail service answered 422" }));
    await when(
      notifier,
      completed,
      service(() => new Response(null, { status: 503 })),
    ).thenFails("answered 503");
  });
});
