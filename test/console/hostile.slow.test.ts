/**
 * Every page of the console on a store whose names, data and errors try to break it: markup in every field, events of 128 KiB, writing from right to left,
 * a thousand event types. On wide light and on narrow dark screens.
 */

import type { Page } from "playwright-core";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { EVENT_DATA_BYTES } from "../../src/core/limits.ts";
import { CATEGORY_EVENT_TYPES } from "../../src/definitions/limits.ts";
import { IS_SKIPPED } from "./chromium.ts";
import { NARROW, WIDE, expectAccessible, freshStore, made, useConsole } from "./console.ts";

const MARKUP = `<img src=x onerror="window.broken=1"><script>window.broken=1</script>"'\`&amp;`;
const RIGHT_TO_LEFT = "\u202eשלום \u2066مرحبا";
const ID = `100% <b>"it's" ${RIGHT_TO_LEFT} 🙂`;
const TYPES = 1_000;

const NAME = freshStore();
const stream = `/${encodeURIComponent(ID)}`;

describe.skipIf(IS_SKIPPED)("a store that tries to break the console", () => {
  const { open, store } = useConsole();

  beforeAll(async () => {
    const calls = store(NAME);
    const schema = {
      type: "object",
      title: MARKUP,
      description: MARKUP,
      properties: { [MARKUP]: { description: RIGHT_TO_LEFT }, ["__proto__"]: {} },
    };
    for (let from = 0; from < TYPES; from += CATEGORY_EVENT_TYPES) {
      const types = Array.from({ length: CATEGORY_EVENT_TYPES }, (_none, index) => [`Type${from + index}:/#+$-`, schema] as const);
      await made(calls.call(`/streams/many-${from}`, { description: MARKUP, events: Object.fromEntries(types) }, {}, "PUT"));
    }
    await made(calls.call("/streams/note", { description: MARKUP }, {}, "PUT"));
    await made(calls.call("/streams/sum", {}, {}, "PUT"));
    await made(
      calls.call(
        "/processors/divides",
        { from: "note", steps: [{ map: { by: "1 / int(data.zero)" } }, { emit: { to: "sum" } }] },
        {},
        "PUT",
      ),
    );
    await made(calls.call("/views/notes", { from: "note", columns: { last: { type: "json", value: "data" } } }, {}, "PUT"));
    const source = {
      kind: "queue",
      queue: NAME,
      to: "note",
      stream: "'a'",
      where: `change.body == ${JSON.stringify(MARKUP)}`,
      description: MARKUP,
    };
    await made(calls.call("/sources/hostile", source, {}, "PUT"));
    await made(calls.call("/webhooks", { url: "http://127.0.0.1:9/<b>", description: MARKUP, categories: ["note"] }));
    const data = JSON.parse(`{"__proto__": {"toString": 1}, "constructor": null}`) as object;
    await made(
      calls.call(`/streams/note${stream}`, {
        type: "Said",
        data: { ...data, [MARKUP]: [MARKUP, RIGHT_TO_LEFT], zero: 0 },
        meta: { correlationId: MARKUP },
      }),
    );
    const fill = EVENT_DATA_BYTES - JSON.stringify({ zero: 1, fill: "" }).length;
    await made(calls.call(`/streams/note${stream}`, { type: "Filled", data: { zero: 1, fill: "<".repeat(fill) } }));
    await made(calls.call("/views/notes?consistency=strong"));
  });

  const PATHS = [
    "/",
    "/log",
    "/log?open=1",
    "/streams",
    "/streams?category=note",
    `/streams/note${stream}?version=2`,
    "/story?position=1",
    "/views",
    "/views/notes",
    `/views/notes?key=${encodeURIComponent(ID)}`,
    "/processes",
    "/commands?category=many-0",
    "/consumers",
    "/consumers/divides",
    "/sources",
    "/sources/hostile",
    "/declare/source?name=hostile",
    "/webhooks",
    "/app",
    "/declare",
    "/declare/stream?name=many-0",
    "/declare/processor?name=divides",
    "/declare/view?name=notes",
    "/stores",
  ];

  for (const [screen, options] of [
    ["a wide light screen", { viewport: WIDE, colorScheme: "light" }],
    ["a narrow dark one", { viewport: NARROW, colorScheme: "dark" }],
  ] as const) {
    it(`shows it as text on ${screen}, on every page, and stays readable`, async () => {
      const { page, errors, close } = await open(PATHS[0]!, NAME, options);
      for (const path of PATHS) {
        await page.goto(`${inject("consoleUrl")}/console/stores/${NAME}${path}`);
        await settled(page);
        expect([path, await page.evaluate(() => (globalThis as { broken?: unknown }).broken)]).toEqual([path, undefined]);
        expect([path, await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth")]).toEqual([path, 0]);
        expect([path, errors]).toEqual([path, []]);
        await expectAccessible(page);
      }
      await close();
    });
  }
});

/** Waits until the page has its title, and what it loads. */
async function settled(page: Page): Promise<void> {
  await page.getByRole("heading", { level: 1 }).waitFor();
  // Some pages lead on to another address.
  await expect.poll(() => page.locator("main .loading:visible").count(), { message: `${page.url()} has loaded` }).toBe(0);
}
