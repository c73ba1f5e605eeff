/** The console in a real browser, as tests use it. */

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { AxeResults } from "axe-core";
import { type Browser, type BrowserContextOptions, type Page, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, inject } from "vitest";
import { type Answer, Client } from "../../scripts/client.ts";
import { IS_SKIPPED } from "./chromium.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** The folder that screenshots go to; without it none is taken. */
const SHOTS = process.env.CONSOLE_SHOTS;

export const WIDE = { width: 1280, height: 800 };
export const NARROW = { width: 390, height: 844 };

let stores = 0;
/** A store of one test. */
export function freshStore(): string {
  return `console-${process.pid}-${++stores}`;
}

export interface Opened {
  readonly page: Page;
  /** What went wrong in it: exceptions, and what the browser itself complains about, such as the content policy. */
  readonly errors: readonly string[];
  readonly close: () => Promise<void>;
}

/**
 * The console for the tests of a file: opens pages of stores, and looks at them.
 *
 * @param url another store than that of all tests: for tests of tokens
 */
export function useConsole(): {
  /** Calls of a store's API, for what a test begins with. */
  store: (name: string) => Client;
  open: (path: string, store: string, options?: BrowserContextOptions & { url?: string }) => Promise<Opened>;
} {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (!IS_SKIPPED) browser = await chromium.connect(inject("browserEndpoint"));
  });
  afterAll(async () => {
    await browser?.close();
  });
  return {
    store: (name) => new Client(`${inject("consoleUrl")}/stores/${name}`),
    async open(path, store, { url = inject("consoleUrl"), ...options } = {}) {
      const context = await browser!.newContext({ viewport: WIDE, ...options });
      const page = await context.newPage();
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      page.on("console", (message) => {
        // The answers of the store that a test provokes are no fault of the page.
        if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) errors.push(message.text());
      });
      await page.goto(`${url}/console/stores/${store}${path}`);
      return { page, errors, close: () => context.close() };
    },
  };
}

/** Fails with what axe finds: rules of WCAG 2.2 A and AA, and its best practices. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResults>("axe.run({ resultTypes: ['violations'] })");
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("\n")}`),
  ).toEqual([]);
}

/** Keeps a picture, where somebody wants to look at it. */
export async function shot(page: Page, name: string): Promise<void> {
  if (SHOTS === undefined) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

/** Presses a button, checks the message shown before, and confirms. @returns that message */
export async function act(page: Page, label: string, expected: string): Promise<string> {
  await page.getByRole("main").getByRole("button", { name: label, exact: true }).first().click();
  const dialog = page.getByRole("dialog", { name: label });
  await dialog.getByText(expected).waitFor();
  const said = (await dialog.textContent()) ?? "";
  await dialog.getByRole("button", { name: label, exact: true }).click();
  await dialog.waitFor({ state: "hidden" });
  return said;
}

/** The body of a success: what a test begins with must be there. */
export async function made<Body>(calling: Promise<Answer<Body>>): Promise<Body> {
  const { status, body } = await calling;
  if (status >= 300) throw new Error(`answered ${status} ${JSON.stringify(body)}`);
  return body;
}
