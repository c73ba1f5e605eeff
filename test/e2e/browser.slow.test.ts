/** The client and its React hooks in a real Chromium, on a page of another origin, against a store that is killed again and again. */

import { createServer } from "node:http";
import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { type Browser, type Page, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createClient } from "../../src/client/index.ts";
import type { app } from "../workers/app.ts";
import { Server } from "./server.ts";

/** Debian's package `chromium`; CHROMIUM names another one. */
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** A machine without a browser runs the other tests. CI has one. */
const IS_SKIPPED = !existsSync(CHROMIUM) && process.env.CI === undefined;
const PATIENCE_MS = 60_000;

let server: Server;
let browser: Browser;
let page: Page;
let origin: string;
const errors: string[] = [];
const site = createServer();

beforeAll(async () => {
  if (IS_SKIPPED) return;
  const { outputFiles } = await build({
    entryPoints: ["test/browser/page.ts"],
    bundle: true,
    format: "esm",
    write: false,
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const script = outputFiles[0]!.text;
  site.on("request", ({ url }, response) => {
    if (url === "/page.js") response.setHeader("content-type", "text/javascript").end(script);
    else
      response
        .setHeader("content-type", "text/html")
        .end('<!doctype html><div id="root"></div><script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  server = await Server.start({ main: "test/workers/worker.ts", variables: { CORS_ORIGINS: origin } });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  page = await browser.newPage();
  page.on("pageerror", (error) => errors.push(String(error)));
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  site.close();
});

const text = (id: string) => page.locator(`#${id}`).textContent();
const shows = (id: string, content: string) =>
  vi.waitFor(async () => expect(await text(id)).toBe(content), { timeout: PATIENCE_MS, interval: 20 });

describe.skipIf(IS_SKIPPED)("a page with live rows", () => {
  it("shows its own writes and those of others, and goes on after a crash of the store", async () => {
    const shop = createClient<typeof app>(server.client.url, { store: "page" });
    await shop.counter("b").Count({ by: 3 });
    await page.goto(`${origin}/#${server.client.url},page`);
    await shows("rows", "b=3");
    await shows("row", "none");
    expect(await text("state")).toBe("live");

    await page.click("#count");
    await shows("row", "2");
    await shows("rows", "b=3 a=2");
    await page.click("#too-much");
    await shows("refused", "too-much");

    await server.crash();
    const written = shop.counter("c").Count({ by: 9 }); // waits for the store
    await server.startAgain();
    await written;
    await shows("rows", "b=3 a=2 c=9");
    await page.click("#count");
    await shows("row", "4");
    await shows("refused", "");

    await page.click("#least");
    await shows("rows", "c=9");
    await shop.counter("a").Count({ by: 100 });
    await shows("rows", "c=9 a=104");
    expect(errors).toEqual([]);
  });

  it("follows the log without a gap or a repeat, even through a crash of the store", async () => {
    const shop = createClient<typeof app>(server.client.url, { store: "page" });
    const values = Array.from({ length: 20 }, (_, index) => index);
    for (const value of values) {
      if (value === 10) {
        await server.crash();
        await server.startAgain();
      }
      await shop.sample("s").append({ type: "Read", data: { value } });
    }
    const followed = () => page.evaluate(() => (globalThis as unknown as { followed: number[] }).followed);
    await vi.waitFor(async () => expect(await followed()).toEqual(values), { timeout: PATIENCE_MS, interval: 20 });
  });
});
