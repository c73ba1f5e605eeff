/**
 * `npm start`: the whole store on this machine, in the real runtime, with durable state. No account, no key, no internet.
 *
 * PORT (8787) says where it listens, PERSIST_TO (.wrangler/state) where it keeps its data.
 * SHIPPING_URL, SHIPPING_SECRET, PAYMENT_URL, LOCATION, WORKERS_PLAN, API_TOKENS (to API_TOKENS_9) and API_JWKS are handed to the worker. WRANGLER_LOG=info shows every request.
 */

import { existsSync, statSync } from "node:fs";
import { TOKEN_SECRETS } from "../src/http/auth-tokens.ts";
import { DevServer, isFree } from "./dev-server.ts";

/** Wrangler may die, for example of a client that hangs up. That often within that many milliseconds, it is started again. */
const RESTARTS = 3;
const RESTARTS_WITHIN_MS = 60_000;

const { PORT = "8787", PERSIST_TO = ".wrangler/state" } = process.env;
const port = Number(PORT);
if (!/^\d+$/.test(PORT) || port < 1 || port > 65_535) giveUp(`PORT is a number from 1 to 65535, not "${PORT}"`);
if (existsSync(PERSIST_TO) && !statSync(PERSIST_TO).isDirectory()) giveUp(`PERSIST_TO is a folder, not "${PERSIST_TO}"`);
if (!(await isFree(port))) giveUp(`port ${port} is in use. Choose another one: PORT=${port + 1} npm start`);

const variables = Object.fromEntries(
  ["SHIPPING_URL", "SHIPPING_SECRET", "PAYMENT_URL", "LOCATION", "WORKERS_PLAN", ...TOKEN_SECRETS, "API_JWKS"].flatMap((name) =>
    process.env[name] ? [[name, process.env[name]]] : [],
  ),
);
let server = start();
let stopping = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
endWithNpm();

await serve();
console.log(await welcome());

const deaths: number[] = [];
for (;;) {
  const how = await server.ended;
  if (stopping) break;
  deaths.push(Date.now());
  if (deaths.filter((at) => at > Date.now() - RESTARTS_WITHIN_MS).length > RESTARTS) giveUp(`wrangler ended again and again, ${how}`);
  console.error(`wrangler ended unexpectedly, ${how}; it is started again on the same data`);
  server = start();
  await serve();
}

function stop(): void {
  if (stopping) process.exit(1); // asked twice: at once
  stopping = true;
  void server.stop().then(() => process.exit(0));
}

/** Whoever ends npm ends only the shell between npm and us. */
function endWithNpm(): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const shell = process.ppid;
  setInterval(() => process.ppid === shell || stopping || stop(), 500).unref();
}

function start(): DevServer {
  return new DevServer({ port, persistTo: PERSIST_TO, variables, output: "inherit" });
}

async function serve(): Promise<void> {
  try {
    await server.listening();
  } catch (error) {
    if (!stopping) giveUp((error as Error).message);
  }
}

async function welcome(): Promise<string> {
  const url = `localhost:${port}`;
  const token = variables.API_TOKENS ? ` -H "Authorization: Bearer $TOKEN"` : "";
  // Order 1 in an empty store; later a number that is free unless somebody has chosen it.
  const answer = await fetch(`${server.url}/log/head`);
  const order = answer.ok ? (await answer.json<{ head: number }>()).head + 1 : Date.now();
  return `
Headspring listens on http://${url}. Three things to try:

  curl -s${token} ${url}/aggregates/product/apple/ReceiveStock -d '{"quantity": 10}'
  curl -s${token} ${url}/aggregates/order/${order}/PlaceOrder -d '{"customer": "a customer", "lines": [{"sku": "apple", "quantity": 2}]}'
  curl -s${token} ${url}/views/ready-orders/${order} -H 'Prefer: wait=5'
`;
}

function giveUp(why: string): never {
  console.error(why);
  process.exit(1);
}
