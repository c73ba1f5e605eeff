/** wrangler.toml: what promises and prices rest on, and what a deployment would not notice by itself. */

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";

const config = readConfig({ config: join(import.meta.dirname, "../../wrangler.toml") });

describe("the deployment's configuration", () => {
  it("resets the objects at a deployment, so that none goes on with code that does not know a new consumer", () => {
    expect(config.durable_objects.code_update_strategy).toEqual({ mode: "immediate" });
  });

  it("has a consumer for every queue that it sends to, the dead-letter queue included", () => {
    const { producers = [], consumers = [] } = config.queues as {
      producers?: { queue: string }[];
      consumers?: { queue: string; dead_letter_queue?: string }[];
    };
    const dead = consumers.flatMap(({ dead_letter_queue: queue }) => queue ?? []);
    expect([producers.length, dead.length]).toEqual([1, 1]);
    const consumed = consumers.map(({ queue }) => queue);
    for (const queue of [...producers.map((producer) => producer.queue), ...dead]) expect(consumed).toContain(queue);
  });

  it("writes the store's own lines, and no line or span for each request, which cost more than the command", () => {
    expect(config.observability).toMatchObject({ enabled: true, redact_query_string: true });
    expect(config.observability?.logs).toMatchObject({ enabled: true, invocation_logs: false });
    expect(config.observability?.traces).toMatchObject({ enabled: true, head_sampling_rate: 0.01 });
  });

  it("says deployed, so that nothing is answered without tokens, and sweeps by a cron", () => {
    expect(config.vars).toEqual({ HEADSPRING_ENV: "deployed" });
    expect(config.triggers.crons).toHaveLength(1);
  });
});
