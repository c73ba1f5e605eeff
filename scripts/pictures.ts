/**
 * `npm run pictures`: the pictures of docs/console.md, of a store that the demo has filled, in which one processor has failed and one endpoint does
 * not answer. Kept small: WebP, each about 30 kB.
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium } from "playwright-core";
import { CHROMIUM } from "../test/console/chromium.ts";
import { buildConsole } from "./build-console.ts";
import { Client, until } from "./client.ts";
import { DevServer, freePort, temporaryFolder } from "./dev-server.ts";
import { PaymentService } from "./payments.ts";
import { Receiver } from "./receiver.ts";

const ROOT = join(import.meta.dirname, "..");
const FOLDER = join(ROOT, "docs/pictures");
const READING = {
  type: "object",
  required: ["sensor", "celsius", "of"],
  properties: { sensor: { type: "string" }, celsius: { type: "number" }, of: { type: "integer" } },
};
/** Divides by what one reading has as zero. */
const SHARES = { from: "reading", steps: [{ map: { share: "data.celsius / data.of" } }, { emit: { to: "share" } }] };
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 780 };

await buildConsole();
let output = "";
const payments = await PaymentService.listen();
const receiver = await Receiver.listen();
const server = new DevServer({
  port: await freePort(),
  persistTo: temporaryFolder(),
  variables: { PAYMENT_URL: payments.url },
  output: (text) => (output += text),
});
try {
  await server.listening();
  const client = new Client(server.url);
  const order = await fill(client);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  await takeAll(browser, order);
  await browser.close();
} catch (error) {
  console.error(output);
  throw error;
} finally {
  await server.stop();
  receiver.close();
  payments.close();
}

/** @returns the correlation of one order's conversation */
async function fill(client: Client): Promise<string> {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, "scripts/demo.ts")], {
    env: { ...process.env, HEADSPRING_URL: client.url },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  const { body: webhook } = await client.call<{ secret: string; id: string }>("/webhooks", { url: receiver.url, categories: ["order"] });
  receiver.secret = webhook.secret;
  receiver.answer = (response) => response.writeHead(503).end();
  await client.call("/streams/reading", { key: "sensor", schema: READING }, {}, "PUT");
  await client.call("/streams/share", {}, {}, "PUT");
  await client.call("/processors/shares", SHARES, {}, "PUT");
  for (const [celsius, of] of [
    [21.5, 4],
    [22, 2],
    [19, 0],
    [20, 5],
  ])
    await client.call("/streams/reading", { sensor: "cellar", celsius, of });
  await client.call("/aggregates/product/tea/ReceiveStock", { quantity: 20 });
  await client.call("/aggregates/product/cup/ReceiveStock", { quantity: 8 });
  const lines = [
    { sku: "tea", quantity: 2 },
    { sku: "cup", quantity: 1 },
  ];
  await client.call("/aggregates/order/1042/PlaceOrder", { customer: "a customer", lines });
  await until("the failed processor", async () => {
    const { consumers } = await client.get<{ consumers: { name: string; status: string }[] }>("/consumers");
    return consumers.some(({ name, status }) => name === "shares" && status === "failed") || undefined;
  });
  return until("a ready order", async () => {
    const { events } = await client.get<{ events: { type: string; meta: { correlationId: string } }[] }>("/streams/order/1042");
    return events.find(({ type }) => type === "OrderReady")?.meta.correlationId;
  });
}

async function takeAll(browser: Browser, correlationId: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  await take("story", `/story/${correlationId}`);
  await take("stream", "/streams/product/tea?version=1");
  await take("consumer", "/consumers/shares");
  await take("declare", "/declare/processor?name=shares");
  await take("log-narrow", "/log", { viewport: NARROW, colorScheme: "dark" });

  async function take(name: string, path: string, options: BrowserContextOptions = {}): Promise<void> {
    const context = await browser.newContext({ viewport: WIDE, ...options });
    const page = await context.newPage();
    await page.goto(`${server.url}/console${path}`);
    await page.waitForLoadState("networkidle").catch(() => undefined); // what is live never becomes idle
    const session = await context.newCDPSession(page);
    const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 80 });
    writeFileSync(join(FOLDER, `${name}.webp`), Buffer.from(data, "base64"));
    await context.close();
  }
}
