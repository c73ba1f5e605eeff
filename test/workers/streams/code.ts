/** Streams under code of the test's own: an aggregate as one deployment has it, then as the next one does. */

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { defineApp } from "../../../src/index.ts";
import type { StreamObjectRpc } from "../../../src/store/import-protocol.ts";
import { streamClient } from "../../../src/store/packed-stream.ts";
import { streamObject } from "../../../src/streams/stream-object.ts";
import type { AnyAggregate } from "../../../src/definitions/aggregate.ts";
import { freshStore } from "../support.ts";
import { eventsIn } from "./stored.ts";

type Processors = NonNullable<Parameters<typeof defineApp>[0]["processors"]>;

/** A stream of the category, in a store of its own, and the object that keeps it. */
export function streamOf(category: string) {
  const { store, stream, logClient } = freshStore("code");
  const stub = stream(category, "1");
  return {
    store,
    logClient,
    /** Does something to a new object over the same storage that has this code: nothing of the one before is in memory. */
    as<Result>(aggregate: AnyAggregate, run: (stream: Sender) => Promise<Result>): Promise<Result> {
      const isProcess = "process" in aggregate;
      const app = defineApp(
        isProcess
          ? {
              aggregates: (aggregate as unknown as { followed: AnyAggregate[] }).followed,
              processors: [aggregate] as unknown as Processors,
            }
          : { aggregates: [aggregate] },
      );
      const StreamObject = streamObject(app);
      return runInDurableObject(stub, async (_instance, state) => run(senderTo(streamClient(new StreamObject(state, env)))));
    },
    /** What is stored. */
    events: () => runInDurableObject(stub, (_instance, { storage }) => [...eventsIn(storage)]),
    rows: (sql: string) => runInDurableObject(stub, (_instance, { storage }) => storage.sql.exec(sql).toArray()),
  };
}

export interface Sender {
  readonly object: StreamObjectRpc;
  send(command: string, data?: object, key?: string): ReturnType<StreamObjectRpc["execute"]>;
  /** The state as readers get it, now or as of an earlier version. */
  state(version?: number): Promise<unknown>;
}

function senderTo(object: StreamObjectRpc): Sender {
  return {
    object,
    send: (command, data = {}, idempotencyKey) =>
      object.execute({
        command,
        data: JSON.stringify(data),
        expected: { kind: "any" },
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      }),
    async state(version) {
      const { state, failed, unavailable } = await object.state(version);
      return failed ? "failed" : (unavailable ?? JSON.parse(state));
    },
  };
}

/** The lines that go to the logs as errors, instead of there. */
export function errorLines(): { readonly message: string; readonly error?: string; readonly stream?: string }[] {
  const lines: { readonly message: string; readonly error?: string }[] = [];
  vi.spyOn(console, "error").mockImplementation((line) => void lines.push(line));
  return lines;
}
