/** The HTTP contract through a real `wrangler dev`. `test/workers/contract.slow.test.ts` asks the same of the test pool. */

import { afterAll, beforeAll, expect, it } from "vitest";
import { API_TOKENS, bearer } from "../contract/http.ts";
import { contract } from "../contract/contract.ts";
import { Server } from "./server.ts";

let server: Server;
beforeAll(async () => {
  server = await Server.start({ main: "test/workers/worker.ts", variables: { API_TOKENS } });
});
afterAll(() => server.stop());

// `duplex`: Node asks for it where a body is a stream.
contract((path, request) => fetch(server.client.url + path, { ...request, duplex: "half" } as RequestInit));

it("promise 8: keys that a client sends as Latin-1 are not mistaken for one another", async () => {
  for (const name of ["Müller", "Möller"]) {
    const headers = { ...bearer("all"), "idempotency-key": name };
    const event = JSON.stringify({ type: "Raised", data: { from: name, value: 1 } });
    const response = await fetch(`${server.client.url}/stores/latin/streams/alarm/1`, { method: "POST", headers, body: event });
    expect([response.status, await response.json()]).toMatchObject([400, { code: "invalid-header", header: "Idempotency-Key" }]);
  }
});
