/** Where a deployment's webhooks may not point: on every route that sets a URL, and when it sends. */

import { createHash } from "node:crypto";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createHttp } from "../../../src/http/worker.ts";
import { newSecret } from "../../../src/webhooks/signature.ts";
import { send } from "../../../src/webhooks/post.ts";
import { PRIVATE_URLS } from "../../unit/webhooks/private-urls.ts";
import { app } from "../app.ts";
import { freshStore, read } from "../support.ts";

afterEach(() => vi.restoreAllMocks());

/** A request as a deployment sees it, where the network is not one's own. */
function deployed(store: string) {
  const API_TOKENS = JSON.stringify([{ name: "test", sha256: createHash("sha256").update("token").digest("hex"), rights: ["admin"] }]);
  return (method: string, path: string, body: object) =>
    createHttp(app).fetch(
      new Request(`http://headspring/stores/${store}${path}`, {
        method,
        headers: { authorization: "Bearer token" },
        body: JSON.stringify(body),
      }),
      { ...env, HEADSPRING_ENV: "deployed", API_TOKENS },
    );
}

const HOSTILE = [
  ...PRIVATE_URLS,
  "http://example.com/",
  "https://user:password@example.com/",
  "ftp://example.com/",
  "file:///etc/passwd",
  "data:text/plain,x",
];

describe("a URL that points into a private network, or is unsafe otherwise", () => {
  it("is refused in every spelling when a webhook is created or changed", async () => {
    expect(HOSTILE.length).toBeGreaterThan(30);
    const ask = deployed(freshStore("targets").store);
    const { id } = await read(await ask("POST", "/webhooks", { url: "https://example.com/" }));
    for (const url of HOSTILE) {
      const answers = [await ask("POST", "/webhooks", { url }), await ask("PATCH", `/webhooks/${id}`, { url })];
      for (const answer of answers) {
        expect({ url, status: answer.status }).toEqual({ url, status: 400 });
        expect(await read(answer)).toMatchObject({ code: "invalid-request", issues: [{ path: "url" }] });
      }
    }
  });

  it("is sent nothing, however it got into the store", async () => {
    const fetched = vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response());
    const message = { headers: {}, signers: { secrets: [newSecret()], keys: [] }, id: "msg_1", body: "{}" };
    for (const url of HOSTILE) {
      const { delivered, error } = await send({ ...message, url }, false);
      expect({ url, delivered, error }).toEqual({ url, delivered: false, error: expect.stringMatching(/^a webhook's URL |^not a URL/) });
    }
    expect(fetched).not.toHaveBeenCalled();
    expect(await send({ ...message, url: "https://example.com/" }, false)).toMatchObject({ delivered: true });
  });

  it("is not reached by a redirect either", async () => {
    const fetched = vi
      .spyOn(globalThis, "fetch")
      .mockResolvedValue(new Response(null, { status: 302, headers: { location: "http://127.0.0.1/" } }));
    const message = { headers: {}, signers: { secrets: [newSecret()], keys: [] }, id: "msg_1", body: "{}" };
    expect(await send({ ...message, url: "https://example.com/" }, false)).toMatchObject({ delivered: false, response: 302 });
    expect(fetched).toHaveBeenCalledTimes(1);
    expect(fetched.mock.calls[0]?.[1]).toMatchObject({ redirect: "manual" });
  });
});
