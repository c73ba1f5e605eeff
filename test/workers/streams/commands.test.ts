import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  exports.default.fetch(`http://headspring${path}`, { method: "POST", body: JSON.stringify(body), headers });

describe("a command", () => {
  it("stores its event and answers with version and position", async () => {
    const response = await post("/aggregates/counter/one/Count", { by: 3 });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      stream: "counter/one",
      version: 1,
      position: 1,
      events: [{ type: "Counted", version: 1 }],
    });
  });
});
