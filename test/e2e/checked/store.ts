/** A store with some events of the app in `app.ts`, which `headspring check` compares changed apps with. */

import { Connection } from "../../../src/client/connection.ts";
import { Server } from "../server.ts";

/** A token that may only read, and one for the test itself. */
const TOKENS = [
  { name: "reader", token: "r".repeat(43), rights: ["read"] },
  { name: "owner", token: "o".repeat(43), rights: ["read", "write", "admin"] },
] as const;
export const READER = TOKENS[0].token;

async function hashed(token: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token))).toString("hex");
}

/** A server with the events. The caller stops it. */
export async function checkedStore(): Promise<Server> {
  const list = await Promise.all(
    TOKENS.map(async ({ name, token, rights }) => ({ name, sha256: await hashed(token), rights, stores: ["*"] })),
  );
  const server = await Server.start({
    main: "test/e2e/checked/worker.ts",
    variables: { API_TOKENS: JSON.stringify(list), TOLD_URL: "http://127.0.0.1:9/told", TOLD_SECRET: `whsec_${"a".repeat(32)}` },
  });
  const owner = new Connection(server.client.url, { token: TOKENS[1].token });
  const post = (path: string, body: object) => owner.send(path, { method: "POST", body });
  for (const [guest, nights] of [
    ["Al", 2],
    ["Bo", 3],
  ] as const)
    await post(`/aggregates/stay/${guest}/Book`, { guest, nights });
  await post("/aggregates/stay/Al/Cancel", {});
  await post("/aggregates/stay/Al/Pay", { cents: 4_000 });
  for (const author of ["Cy", "Di"]) await post("/streams/note/n", { type: "Noted", data: { about: "n", author, text: "clean" } });
  await owner.send("/streams/posted", { method: "PUT", body: { events: { Posted: { type: "object" } } } });
  await post("/streams/posted/p", { type: "Posted", data: {} });
  await owner.send("/streams/retired", { method: "PUT", body: {} });
  await owner.open("/streams/retired", { method: "DELETE" });
  for (const name of ["remember", "welcome"]) await caughtUp(owner, name);
  return server;
}

/** What it emits is in the log, too. */
async function caughtUp(owner: Connection, name: string): Promise<void> {
  for (;;) {
    const { lag, lagSeconds } = (await owner.send(`/consumers/${name}`)).body as { lag: number; lagSeconds: number };
    if (lag === 0 || lagSeconds === 0) return;
  }
}
