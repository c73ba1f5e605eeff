/**
 * `npm start`: the whole store on this machine, in the real runtime, with durable state. No account, no key, no prompt.
 *
 * PORT (8787) says where it listens, PERSIST_TO (.wrangler/state) where it keeps its data.
 */

import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";

const port = process.env.PORT ?? "8787";
const persistTo = process.env.PERSIST_TO ?? ".wrangler/state";
/** Further variables of the worker, as NAME=value separated by commas (for example SHIPPING_URL and SHIPPING_SECRET). */
const variables = ["SHIPPING_URL", "SHIPPING_SECRET", "API_TOKENS"].flatMap((name) =>
  process.env[name] ? ["--var", `${name}:${process.env[name]}`] : [],
);

if (!/^\d{1,5}$/.test(port)) throw new Error(`PORT is a number, not "${port}"`);
if (existsSync(persistTo) && !statSync(persistTo).isDirectory()) throw new Error(`PERSIST_TO is a folder, not "${persistTo}"`);

const wrangler = spawn(
  "wrangler",
  [
    "dev",
    "--port",
    port,
    "--inspector-port",
    "0",
    "--persist-to",
    persistTo,
    "--show-interactive-dev-session=false",
    "--var",
    "HEADSPRING_ENV:local",
    ...variables,
  ],
  { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "true" } },
);

wrangler.on("exit", (code) => process.exit(code ?? 1));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => wrangler.kill(signal));

await listening();
console.log(`
Headspring listens on http://localhost:${port}. Three things to try:

  curl -s localhost:${port}/aggregates/product/apple/ReceiveStock -d '{"quantity": 10}'
  curl -s localhost:${port}/aggregates/order/1/PlaceOrder -d '{"customer": "a customer", "lines": [{"sku": "apple", "quantity": 2}]}'
  curl -s localhost:${port}/views/ready-orders/1 -H 'Prefer: wait=5'
`);

async function listening(): Promise<void> {
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
