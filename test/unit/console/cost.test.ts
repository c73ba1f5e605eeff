/** The console's estimate of what a store costs has the prices that docs/cost.md has measured. */

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { PER_MILLION, costOf, totalOf } from "../../../console/pages/stores/cost.ts";

/** Dollars per million under steady load and alone, of a row of the first table. */
function measured(title: string): [number, number] {
  const row = readFileSync("docs/cost.md", "utf8")
    .split("\n")
    .find((line) => line.startsWith(`| ${title} |`));
  const bold = [...(row ?? "").matchAll(/\*\*([\d.]+)\*\*/g)].map(([, dollars]) => Number(dollars));
  return bold as [number, number];
}

it("the console's estimate has the measured prices: each case without the cost of the event itself", () => {
  const event = measured("a stream that is there, the log");
  const without = ([steady, alone]: [number, number]) =>
    [steady - event[0], alone - event[1]].map((dollars) => Math.round(dollars * 100) / 100);
  expect(PER_MILLION).toEqual({
    event,
    view: without(measured("… and one view")),
    processor: without(measured("… and a reactor that answers with a command")),
    webhook: without(measured("… and a webhook")),
  });
});

it("the console's estimate adds up what was stored, processed and kept, from the least to the most", () => {
  const items = costOf({ events: 1e6, processed: { view: 2e6, processor: 0, webhook: 1e6 }, logBytes: 5e8, databaseBytes: 4e9 });
  const [least, most] = totalOf(items);
  const { event, view, webhook } = PER_MILLION;
  expect(least).toBeCloseTo(event[0] + 2 * view[0] + webhook[0] + 0.2 + 3, 6);
  expect(most).toBeCloseTo(event[1] + 2 * view[1] + webhook[1] + 0.2 + 3, 6);
});
