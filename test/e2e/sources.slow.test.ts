/** Each kind of source, followed while the store, its runtime and the outside are killed: `npm run test:sources` for a short time. */

import { describe, expect, it } from "vitest";
import { harness } from "../sources/harness/harness.ts";
import { OUTSIDES } from "../sources/harness/outsides.ts";

/** Changes of each kind: enough to be under way at every death. */
const CHANGES = 1_000;
const DEATHS = 2;

// Minutes of a real `wrangler dev` each: in the long run only.
describe("a source that is killed with its store and with what it follows", () => {
  for (const [kind, { isInstalled, start }] of Object.entries(OUTSIDES)) {
    it.runIf(isInstalled())(`loses nothing, doubles nothing, and keeps the order: ${kind}`, async () => {
      const outside = await start();
      try {
        const report = await harness({ outside, changes: CHANGES, seed: 20261127, kills: DEATHS });
        expect(report).toMatchObject({ lost: 0, doubled: 0, disordered: 0, examples: [] });
        expect(Object.values(report.kills).reduce((sum, count) => sum + count, 0)).toBe(DEATHS);
      } finally {
        await outside.stop();
      }
    });
  }
});
