/** A store on its way from one version of the code to the next: each of its parts has the old or the new one. */

import { createMessageBatch, evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { App } from "../../../src/definitions/app.ts";
import type { ConsumerReport } from "../../../src/consumers/report.ts";
import { prepare } from "../../../src/consumers/schema.ts";
import { handleWakeUps } from "../../../src/operations/wake-up.ts";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { createHttp } from "../../../src/http/worker.ts";
import { holdWakeUps } from "../delivery/support.ts";
import { freshStore, read } from "../support.ts";
import { newApp, oldApp } from "./apps.ts";
import { deploy } from "./deployed.ts";

const PARTS = ["door", "streams", "log", "webhooks", "consumers"] as const;
export type Rollout = Readonly<Record<(typeof PARTS)[number], App>>;

export const OLD: Rollout = { door: oldApp, streams: oldApp, log: oldApp, webhooks: oldApp, consumers: oldApp };
export const NEW: Rollout = { door: newApp, streams: newApp, log: newApp, webhooks: newApp, consumers: newApp };

/** Every combination in which two versions meet, by name. */
export const ROLLOUTS: readonly (readonly [string, Rollout])[] = Array.from({ length: 2 ** PARTS.length }, (_, bits) => {
  const isNew = PARTS.filter((_part, index) => (bits & (1 << index)) > 0);
  const rollout = Object.fromEntries(PARTS.map((part): [string, App] => [part, isNew.includes(part) ? newApp : oldApp])) as Rollout;
  return [isNew.length === 0 ? "nothing is new yet" : `new: ${isNew.join(", ")}`, rollout] as const;
});

const http = new Map([oldApp, newApp].map((app: App) => [app, createHttp(app)] as const));
let messages = 0;

/** What a client was answered. */
interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  // oxlint-disable-next-line typescript/no-explicit-any -- what it must be, the test says
  readonly body: any;
}

/** Every stream that the test may touch, whether or not anything is stored in it. */
const STREAMS = [
  ...["account", "book", "badge", "welcome", "mail"].flatMap((category) => ["a", "b", "c", "d", "g"].map((id) => `${category}/${id}`)),
  ...["early", "between", "late"].map((id) => `transfer/${id}`),
];

async function restart(object: DurableObjectStub): Promise<void> {
  await evictDurableObject(object).catch((error: unknown) => {
    if (!String(error).includes("not currently running")) throw error;
  });
}

export function storeUnderRollout(name: string) {
  const sent = holdWakeUps();
  const fresh = freshStore(name);
  const { store } = fresh;
  let code = OLD;
  deploy(store, code);
  const context = { waitUntil: () => {}, passThroughOnException: () => {}, props: {} } as unknown as ExecutionContext;
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> => {
    // A read of the log would wait for events.
    const prefer: Record<string, string> = method === "GET" ? {} : { prefer: path.startsWith("/sagas/") ? "respond-async" : "wait=20" };
    const init = {
      method,
      headers: { ...prefer, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    const request = new Request(`http://headspring/stores/${store}${path}`, init);
    const response = (await http.get(code.door)?.fetch(request, env, context)) as Response;
    return { status: response.status, retryAfter: response.headers.get("retry-after"), body: await read(response) };
  };
  const log = async (): Promise<RecordedEvent[]> => (await ask("GET", "/log?limit=1000")).body.events;
  let delivered = 0;
  return {
    store,
    ask,
    log,
    /** Deploys to some parts: their objects are started again. */
    async roll(to: Rollout): Promise<void> {
      const from = code;
      deploy(store, (code = to));
      if (from.streams !== to.streams) await Promise.all(STREAMS.map((stream) => restart(env.STREAMS.getByName(`${store}/${stream}`))));
      if (from.log !== to.log) await restart(env.LOGS.getByName(store));
      if (from.webhooks !== to.webhooks) await restart(env.WEBHOOKS.getByName(`${store}/opened`));
    },
    /** Consumers that the log has woken. */
    rung: () => new Set(sent.filter(({ body }) => body.store === store).flatMap(({ body }) => body.consumers)),
    /** The same, one by one. */
    sent: () => sent.flatMap(({ body }) => (body.store === store ? body.consumers : [])),
    /** Lets the log send wake-ups, and brings them to the consumers, so many times; time passes for those that wait for an attempt. */
    async consume(times: number): Promise<void> {
      for (let turn = 0; turn < times; turn++) {
        await runDurableObjectAlarm(env.LOGS.getByName(store));
        const bodies = sent.slice(delivered).flatMap(({ body }) => (body.store === store ? [body] : []));
        delivered = sent.length;
        await prepare(env.VIEWS);
        await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(store).run();
        const batch = createMessageBatch(
          "headspring-wake-ups",
          bodies.map((body) => ({ id: `rollout-${++messages}`, timestamp: new Date(), attempts: 1, body })),
        );
        await handleWakeUps(code.consumers, env, batch);
      }
    },
    consumers: async (): Promise<ConsumerReport[]> => (await ask("GET", "/consumers")).body.consumers,
  };
}
