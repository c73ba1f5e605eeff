/** For all tests of the console: the page as it is in `console/`, a store with the shop on a real `wrangler dev`, and a Chromium. */

import { chromium } from "playwright-core";
import type { TestProject } from "vitest/node";
import { buildConsole } from "../../scripts/build-console.ts";
import { Server } from "../e2e/server.ts";
import { CHROMIUM, IS_SKIPPED } from "./chromium.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Bytes of the console's script and style, gzipped. */
    consoleBytes: number;
    /** Where the store is. */
    consoleUrl: string;
    /** Where the browser takes connections. */
    browserEndpoint: string;
  }
}

export default async function setUp(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  project.provide("consoleBytes", await buildConsole());
  if (IS_SKIPPED) {
    console.log(
      `The console's tests are skipped: there is no browser at ${CHROMIUM}. Debian's package is \`chromium\`; CHROMIUM names another one.`,
    );
    return undefined;
  }
  const [server, browser] = await Promise.all([
    Server.start(),
    chromium.launchServer({ executablePath: CHROMIUM, args: ["--no-sandbox"] }),
  ]);
  project.provide("consoleUrl", server.client.url);
  project.provide("browserEndpoint", browser.wsEndpoint());
  return async () => {
    await browser.close();
    await server.stop();
  };
}
