/** The HTTP contract through a real `wrangler dev`. `test/workers/contract.test.ts` asks the same of the test pool. */

import { afterAll, beforeAll } from "vitest";
import { API_TOKENS } from "../contract/http.ts";
import { contract } from "../contract/contract.ts";
import { Server } from "./server.ts";

let server: Server;
beforeAll(async () => {
  server = await Server.start({ main: "test/workers/worker.ts", variables: { API_TOKENS } });
});
afterAll(() => server.stop());

// `duplex`: Node asks for it where a body is a stream.
contract((path, request) => fetch(server.client.url + path, { ...request, duplex: "half" } as RequestInit));
