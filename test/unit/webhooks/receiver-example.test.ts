/** The receiver that the documentation shows, at work. */

import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { newSecret, signatureHeaders } from "../../../src/webhooks/signature.ts";
import receiver from "./receiver-example.ts";

afterEach(() => vi.restoreAllMocks());

const secret = newSecret();
const body = JSON.stringify({ type: "OrderReady", timestamp: "2026-11-21T06:00:00Z", data: { stream: "order/1", version: 3, data: {} } });

async function deliver(id: string, text = body, signer = secret) {
  const headers = await signatureHeaders({ secrets: [signer], keys: [] }, id, body, new Date());
  return receiver.request("/", { method: "POST", body: text, headers }, { WEBHOOK_SECRET: secret });
}

describe("the receiver of docs/webhooks.md", () => {
  it("equals this one", () => {
    const [, code] = /```ts\n(import \{ Hono \}.*?)```/s.exec(readFileSync("docs/webhooks.md", "utf8")) ?? [];
    expect(code).toBe(readFileSync("test/unit/webhooks/receiver-example.ts", "utf8"));
  });

  it("accepts a delivery, and processes a repeated one only once", async () => {
    const log = vi.spyOn(console, "log").mockReturnValue();
    expect((await deliver("msg_1")).status).toBe(204);
    expect((await deliver("msg_1")).status).toBe(204);
    expect(log.mock.calls).toEqual([["OrderReady", "order/1", 3, {}]]);
  });

  it("refuses a delivery that was changed on the way, or signed with another secret", async () => {
    expect((await deliver("msg_2", body.replace("order/1", "order/2"))).status).toBe(401);
    expect((await deliver("msg_2", body, newSecret())).status).toBe(401);
  });
});
