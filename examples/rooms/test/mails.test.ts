import { event } from "headspring";
import { on, when } from "headspring/testing";
import { describe, expect, it } from "vitest";
import { mailing } from "../src/mails.ts";

const meeting = { begins: "2026-11-27T10:00:00.000Z", ends: "2026-11-27T11:00:00.000Z", title: "Planning", organiser: "a customer" };
const booked = on("room/atlas", event("SlotBooked", { booking: 2, day: "2026-11-27", ...meeting }));
const service = (fetch: (request: Request) => Response | Promise<Response>) => ({ variables: { MAIL_URL: "https://mail.example" }, fetch });

describe("a mail", () => {
  it("is requested with a key, the same in every run, and recorded under the room", async () => {
    const keys: (string | null)[] = [];
    const answer = service(async (request) => {
      keys.push(request.headers.get("idempotency-key"));
      expect(request.url).toBe("https://mail.example/messages");
      expect(await request.json()).toMatchObject({ to: "a customer", template: "booked", content: { room: "atlas" } });
      return new Response(null, { status: 202 });
    });
    await when(mailing, booked, answer).thenRecords(event("MailSent", { template: "booked", to: "a customer" }), "mail/atlas");
    await when(mailing, booked, { ...answer, repeated: true }).thenRecords(event("MailSent", { template: "booked", to: "a customer" }));
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[1]).toBe(keys[0]);
  });

  it("is given up when the service does not accept it, and tried again when it is down", async () => {
    const unknown = service(() => new Response("nobody of that name", { status: 422 }));
    await when(mailing, booked, unknown).thenRecords(event("MailNotSent", { reason: "nobody of that name" }));
    await when(
      mailing,
      booked,
      service(() => new Response(null, { status: 503 })),
    ).thenFails("answered 503");
  });
});
