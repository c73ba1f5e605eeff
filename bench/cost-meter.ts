/**
 * Counts, inside the runtime, what the platform bills. Worker and objects share an isolate here, and so these counts.
 *
 * Calls are counted where they are made, as the platform does: a method that an object calls on itself costs nothing.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import type { ObjectClasses } from "headspring/runtime";
import type { WakeUp } from "../src/store/consumer-protocol.ts";
import { type Kind, type ObjectCounts, nothingCounted } from "./cost-bill.ts";
import { billed, counted, instead } from "./counted.ts";
import { QUEUE_OPERATION_BYTES } from "./prices.ts";

/** Not `scheduler.wait`, which the meter watches: what is under way to an object keeps its caller awake anyway. */
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Since this isolate began. */
const counts = { ...nothingCounted(), d1: billed };

/** Milliseconds within which an alarm is waited for. One that is due later (a webhook prunes its books once a day) is not. */
const SOON_MS = 60_000;

/** How far the log's object is from those that call it: milliseconds there and back. */
export const distance = { ms: 0 };

const pending = { messages: 0, work: 0, alarms: new Map<string, number>() };

/** Nothing is under way, and nothing will be. */
function isQuiet(): boolean {
  const soon = Date.now() + SOON_MS;
  return pending.messages === 0 && pending.work === 0 && [...pending.alarms.values()].every((due) => due > soon);
}

/** The environment of the worker or of an object, with bindings that count. */
function metered(env: Env): Env {
  return {
    ...env,
    STREAMS: namespace("stream", env.STREAMS),
    LOGS: namespace("log", env.LOGS),
    WEBHOOKS: namespace("webhook", env.WEBHOOKS),
    CATALOGS: namespace("catalog", env.CATALOGS),
    SOURCES: namespace("source", env.SOURCES),
    WAKE_UPS: queue(env.WAKE_UPS),
    VIEWS: counted(env.VIEWS),
  };
}

/** A worker that counts what its requests and batches cost, and answers `/counts` with what has been counted. */
export function meteredWorker(worker: ExportedHandler<Env>): Required<Pick<ExportedHandler<Env>, "fetch" | "queue">> {
  return {
    async fetch(request, env, context) {
      if (new URL(request.url).pathname === "/counts") return Response.json({ counts, isQuiet: isQuiet() });
      return invocation("requests", async () => worker.fetch!(request, metered(env), context));
    },
    async queue(batch, env, context) {
      await invocation("batches", async () => worker.queue!(batch, metered(env), context));
      received(batch.messages);
    },
  };
}

/** The classes of an app's objects, which count what these cost. */
export function meteredObjects({ StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject }: ObjectClasses): ObjectClasses {
  return {
    StreamObject: meteredClass("stream", StreamObject),
    LogObject: meteredClass("log", LogObject),
    WebhookObject: meteredClass("webhook", WebhookObject),
    CatalogObject: meteredClass("catalog", CatalogObject),
    SourceObject: meteredClass("source", SourceObject),
  };
}

/** An object's class that counts what its objects cost. */
// `any`: a mixin's constructor must take whatever the class takes.
// oxlint-disable-next-line typescript/no-explicit-any
function meteredClass<Class extends new (...args: any[]) => object>(kind: Kind, base: Class): Class {
  class Metered extends base {
    // oxlint-disable-next-line typescript/no-explicit-any
    constructor(...args: any[]) {
      const [ctx, env] = args as [DurableObjectState, Env];
      meterStorage(counts.objects[kind], ctx);
      super(ctx, metered(env));
    }
  }
  for (const name of Object.getOwnPropertyNames(base.prototype)) {
    const method: unknown = Reflect.get(base.prototype, name);
    if (name === "constructor" || typeof method !== "function") continue;
    const value = function (this: { readonly ctx: DurableObjectState }, ...args: unknown[]): unknown {
      if (name === "alarm") {
        counts.objects[kind].alarms += 1;
        pending.alarms.delete(String(this.ctx.id));
      }
      return awake(activityOf(kind, this), () => Reflect.apply(method, this, args) as Promise<unknown>);
    };
    // On the prototype, not on the object: only what is there can be called from outside.
    Object.defineProperty(Metered.prototype, name, { value });
  }
  return Metered;
}

/** Counts the rows that an object reads and writes, those of its keys and alarms included. Once for each of its activations. */
export function meterStorage(count: ObjectCounts, { id, storage }: DurableObjectState): void {
  const { sql, kv } = storage;
  const exec = sql.exec.bind(sql);
  replace(sql, "exec", (query: string, ...bindings: unknown[]) => {
    const cursor = exec(query, ...bindings);
    // A cursor reads as it is consumed, which all of the store's code does before it awaits anything.
    queueMicrotask(() => {
      count.rowsRead += cursor.rowsRead;
      count.rowsWritten += cursor.rowsWritten;
    });
    return cursor;
  });
  countCalls(kv, "get", () => (count.rowsRead += 1));
  countCalls(kv, "put", () => (count.rowsWritten += 1));
  countCalls(kv, "delete", () => (count.rowsWritten += 1));
  countCalls(storage, "getAlarm", () => (count.rowsRead += 1));
  countCalls(storage, "setAlarm", (due) => {
    count.rowsWritten += 1;
    count.alarmsSet += 1;
    pending.alarms.set(String(id), Number(due));
  });
  countCalls(storage, "deleteAlarm", () => {
    count.rowsWritten += 1;
    pending.alarms.delete(String(id));
  });
}

/** An HTTP request, or a batch of the queue. */
async function invocation<Answer>(what: "requests" | "batches", answer: () => Promise<Answer>): Promise<Answer> {
  counts[what] += 1;
  pending.work += 1;
  try {
    return await answer();
  } finally {
    pending.work -= 1;
  }
}

/** The messages of a batch have been dealt with. */
function received(messages: readonly Message[]): void {
  for (const { attempts, body } of messages) {
    // Read each time that it comes, deleted once.
    counts.queueOperations += operationsFor(body) * (attempts === 1 ? 2 : 1);
    if (attempts === 1) pending.messages -= 1;
  }
}

interface Activity {
  readonly count: ObjectCounts;
  depth: number;
  since: number;
}

const activities = new WeakMap<object, Activity>();
const current = new AsyncLocalStorage<Activity>();

function activityOf(kind: Kind, object: object): Activity {
  const activity = activities.get(object) ?? { count: counts.objects[kind], depth: 0, since: 0 };
  activities.set(object, activity);
  return activity;
}

/** The object is awake from the first thing that it is busy with to the end of the last. */
function awake<Answer>(activity: Activity, work: () => Promise<Answer>): Promise<Answer> {
  if (activity.depth++ === 0) activity.since = performance.now();
  pending.work += 1;
  return current
    .run(activity, async () => work())
    .finally(() => {
      pending.work -= 1;
      if (--activity.depth === 0) activity.count.awakeMs += performance.now() - activity.since;
    });
}

/** What an object awaits behind its callers' backs keeps it awake as well: the log waits between two rounds of wake-ups, a webhook for its endpoint. */
export function keepsAwake(target: object, name: string): void {
  const real = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
  replace(target, name, (...args: unknown[]) => {
    const activity = current.getStore();
    const work = () => Reflect.apply<object, unknown[], Promise<unknown>>(real, target, args);
    return activity ? awake(activity, work) : work();
  });
}
function namespace<Class extends Rpc.DurableObjectBranded>(kind: Kind, real: DurableObjectNamespace<Class>): DurableObjectNamespace<Class> {
  return instead(real, { getByName: (name: string) => stub(kind, real.getByName(name)) });
}

function stub<Stub extends object>(kind: Kind, real: Stub): Stub {
  return new Proxy(real, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return (...args: unknown[]): unknown => {
        counts.objects[kind].calls += 1;
        if (kind !== "log" || distance.ms === 0) return Reflect.apply(method, target, args);
        return wait(distance.ms).then((): unknown => Reflect.apply(method, target, args));
      };
    },
  });
}

function queue(real: Queue<WakeUp>): Queue<WakeUp> {
  return instead(real, {
    send: (body: WakeUp, options?: QueueSendOptions) => {
      sent(body);
      return real.send(body, options);
    },
    sendBatch: (messages: Iterable<MessageSendRequest<WakeUp>>) => {
      const batch = [...messages];
      for (const { body } of batch) sent(body);
      return real.sendBatch(batch);
    },
  });
}

function sent(body: WakeUp): void {
  counts.queueOperations += operationsFor(body);
  pending.messages += 1;
}

function operationsFor(body: unknown): number {
  return Math.ceil(JSON.stringify(body).length / QUEUE_OPERATION_BYTES);
}

function countCalls(target: object, name: string, note: (first: unknown) => void): void {
  const real = Reflect.get(target, name) as (...args: unknown[]) => unknown;
  replace(target, name, (...args: unknown[]) => {
    note(args[0]);
    return Reflect.apply(real, target, args);
  });
}

function replace(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
}
