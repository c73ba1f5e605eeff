import { RetentionPolicy } from "@nats-io/jetstream";
import { describe, inject } from "vitest";
import type { ReadKind } from "../../../src/definitions/sources/kind.ts";
import { nats } from "../../../src/sources/nats/index.ts";
import { IS_LONG } from "../../effort.ts";
import { type Outside, readKindContract } from "../kind-contract.ts";
import { freshStream, outsideOf, publish, withAdmin, server } from "./broker.ts";

async function outside(retention: RetentionPolicy, more: object = {}): Promise<Outside> {
  const stream = await freshStream({ retention });
  return {
    ...outsideOf(stream, more),
    put: (names) => publish(stream, names),
    nameOf: ({ value }) => value.text as string,
    breakConnections: () => server.act("break"),
    ruin: () =>
      withAdmin(async (manager) => {
        await manager.streams.delete(stream);
        await manager.streams.add({ name: stream, subjects: [`${stream}.>`], retention });
      }),
    leftovers: () => withAdmin(async (manager) => (await manager.consumers.list(stream).next()).map(({ name }) => name)),
    remove: () =>
      withAdmin(async (manager) => {
        await manager.streams.delete(stream);
      }),
  };
}

describe.skipIf(!inject("servers").nats)("NATS JetStream", () => {
  const kind = nats.kind as ReadKind;
  readKindContract({ name: "a stream with limits", kind }, () => outside(RetentionPolicy.Limits));
  // These take the same ways through the code, but for what the server may forget: their own tests are in reading.test.ts.
  if (!IS_LONG) return;
  readKindContract({ name: "a stream of interest", kind }, () => outside(RetentionPolicy.Interest));
  readKindContract({ name: "a work queue", kind }, () => outside(RetentionPolicy.Workqueue));
});
