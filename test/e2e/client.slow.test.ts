/** The client in Node, against a real `wrangler dev`, which is killed while somebody follows it. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { clientSuite } from "../client/suite.ts";
import type { app } from "../workers/app.ts";
import { Server } from "./server.ts";

let server: Server;
beforeAll(async () => {
  server = await Server.start({ main: "test/workers/worker.ts" });
});
afterAll(() => server.stop());

clientSuite(() => ({ url: server.client.url, fetch: (url, init) => fetch(url, init) }));

describe("a store that is killed while a client writes and follows", () => {
  it("neither loses nor doubles anything for that client: its writing and its following go on by themselves", async () => {
    const shop = createClient<typeof app>(server.client.url, { store: "killed" });
    const followed: number[] = [];
    const values = Array.from({ length: 40 }, (_, index) => index);
    const follows = (async () => {
      for await (const event of shop.log({ types: ["Read"] })) {
        followed.push(event.data.value);
        if (followed.length === values.length) return;
      }
    })();
    for (const value of values) {
      if (value === 10 || value === 25) {
        await server.crash();
        void server.startAgain();
      }
      await shop.sample("s").append({ type: "Read", data: { value } });
    }
    await follows;
    expect(followed).toEqual(values);
  });
});
