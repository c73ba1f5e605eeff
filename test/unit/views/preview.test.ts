/** A preview of a view holds and does a bounded amount, whatever the events and the definition are. */

import { describe, expect, it } from "vitest";
import { type ViewDefinition, viewFrom } from "../../../src/definitions/over-http/view.ts";
import { VIEW_LOAD_BYTES } from "../../../src/rows/limits.ts";
import { LOOK_BACK_STEPS } from "../../../src/views/limits.ts";
import { previewOf } from "../../../src/views/preview.ts";

function previewed(
  definition: Partial<ViewDefinition>,
  count: number,
  of: (index: number) => { readonly stream?: string; readonly data: object },
) {
  const view = viewFrom("mine", { from: "orders", ...definition }, { categories: new Map(), views: new Map() }, { incarnation: 0, at: 0 });
  const inputs = Array.from({ length: count }, (_, index) => {
    const { stream = "orders/1", data } = of(index);
    const event = {
      id: "e",
      stream,
      version: 1,
      position: index + 1,
      type: "Placed",
      data,
      meta: {},
      time: "",
      recordedAt: "",
      schemaVersion: 1,
    };
    return { event };
  });
  return previewOf(view, inputs);
}

const KiB100 = "x".repeat(100 * 1024);

describe("a preview of a view", () => {
  it("is cut short if its rows together are larger than a batch of the view may be", () => {
    const { rows, folded, isCut } = previewed({}, 1_000, (index) => ({ stream: `orders/${index}`, data: { text: KiB100 } }));
    expect([isCut, rows.length]).toEqual([true, folded.length]);
    expect(rows.length).toBe(Math.ceil(VIEW_LOAD_BYTES / (100 * 1024 + 40)));
  });

  it("is cut short if it would list too many and too long keys", () => {
    const { rows, folded, isCut } = previewed({ key: "data.text" }, 1_000, () => ({ data: { text: KiB100 } }));
    expect([isCut, rows.length, folded.length < VIEW_LOAD_BYTES / KiB100.length]).toEqual([true, 1, true]);
  });

  it("is cut short if one large row is made again and again", () => {
    const columns = Object.fromEntries(
      Array.from({ length: 8 }, (_, index) => [`c${index}`, { type: "string", value: "data.text" }] as const),
    );
    const { rows, folded, isCut } = previewed({ columns }, 1_000, () => ({ data: { text: KiB100 } }));
    expect([isCut, rows.length]).toEqual([true, 1]);
    expect(folded.length).toBeLessThanOrEqual(1 + (LOOK_BACK_STEPS * 4) / (8 * KiB100.length));
  });

  it("is not cut short by rows that are removed again", () => {
    const { rows, isCut } = previewed({ remove: "data.gone" }, 300, (index) => ({ data: { text: KiB100, gone: index % 2 === 1 } }));
    expect([isCut, rows]).toEqual([false, []]);
  });
});
