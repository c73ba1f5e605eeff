/** Spans as the platform reports them: one order, from the request over the queue to the shipping company, in the trace that the request named. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../scripts/client.ts";
import { temporaryFolder } from "../../scripts/dev-server.ts";
import { Receiver } from "../../scripts/receiver.ts";
import type { SpanName } from "../../src/telemetry/span.ts";
import { Server } from "./server.ts";

const ROOT = join(import.meta.dirname, "../..");
const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACE = `00-${TRACE_ID}-00f067aa0ba902b7-01`;
const STATIONS: SpanName[] = ["command", "append", "sequence", "commit", "wake", "consume", "project", "react", "deliver"];
/** What only the order says. */
const CUSTOMER = "m4rked";

interface Span {
  readonly name: string;
  readonly trace: string;
  readonly id: string;
  readonly parent?: string;
  readonly attributes: Record<string, unknown>;
  readonly status?: object;
}

const DEPLOYED = readFileSync(join(ROOT, "wrangler.toml"), "utf8");
const DATE = /^compatibility_date = .*$/m.exec(DEPLOYED)?.[0];

/** A worker with its tracing on and somebody who listens, as two workers. */
function configs(of: (main: (file: string) => string) => string): string[] {
  const folder = temporaryFolder();
  const main = (file: string) => `main = ${JSON.stringify(join(ROOT, file))}`;
  const [worker, tail] = ["worker.toml", "spans.toml"].map((name) => join(folder, name)) as [string, string];
  writeFileSync(worker, `${of(main)}\n[[streaming_tail_consumers]]\nservice = "spans"\n`);
  writeFileSync(tail, `name = "spans"\n${main("test/e2e/span-tail.ts")}\n${DATE}\n`);
  return [worker, tail];
}

const shop = () => configs((main) => DEPLOYED.replace(/^main = .*$/m, main("src/worker.ts")));

/** The spans that have ended, in the order in which they have: of one invocation that is how it was. */
function spansOf(server: Server): Span[] {
  return [...server.output.matchAll(/<span>(.*?)<\/span>/g)].map(([, span = ""]) => JSON.parse(span) as Span);
}

/** What the spans of a station say, as the documentation has it. */
function documented(station: SpanName): string[] {
  const page = readFileSync(join(ROOT, "docs/observability.md"), "utf8");
  const says = new RegExp(`^\\| \`headspring\\.${station}\` \\|.*\\|(.*)\\|$`, "m").exec(page)?.[1] ?? "";
  return ["store", ...[...says.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name)].toSorted();
}

describe("one order, traced", () => {
  let server: Server;
  let receiver: Receiver;
  const spans = () => spansOf(server);
  const named = (name: SpanName) => spans().filter((span) => span.name === `headspring.${name}`);
  const of = ({ attributes }: Span, name: string) => attributes[`headspring.${name}`];

  beforeAll(async () => {
    receiver = await Receiver.listen();
    receiver.secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    server = await Server.start({ configs: shop(), variables: { SHIPPING_URL: receiver.url, SHIPPING_SECRET: receiver.secret } });
    const { client } = server;
    await client.call("/aggregates/product/apple/ReceiveStock", { quantity: 10 });
    const order = { customer: CUSTOMER, lines: [{ sku: "apple", quantity: 2 }] };
    await client.call("/aggregates/order/1/PlaceOrder", order, { traceparent: TRACE });
    await until("the delivery and its span", () => (receiver.deliveries.length > 0 && named("deliver").length > 0) || undefined);
    await client.call("/streams/plain", {}, {}, "PUT");
    // While the log gathers wake-ups it sends them in an invocation that has ended, whose spans nobody receives: only those of a write after a pause are sent in its own.
    const isRungFor = () => named("wake").some((span) => of(span, "traceId") === TRACE_ID);
    let pause = 125;
    do {
      await client.call("/streams/plain/1", { type: "Seen", data: {} }, { traceparent: TRACE });
      await setTimeout((pause *= 2));
    } while (!isRungFor());
    await until("a span of every station", () => STATIONS.every((station) => named(station).length > 0) || undefined);
  });
  afterAll(async () => {
    receiver.close();
    await server.stop();
  });

  it("has a span for every station, each with its store", () => {
    for (const station of STATIONS) {
      expect(named(station), station).not.toEqual([]);
      for (const span of named(station)) expect(of(span, "store"), station).toBe("default");
    }
  });

  it.each(STATIONS)("has in the spans of %s the attributes that the documentation lists, and no others", async (station) => {
    const said = () => [...new Set(named(station).flatMap(({ attributes }) => Object.keys(attributes)))].toSorted();
    // What one invocation says may come to the listener after what a later one says.
    await expect.poll(said, { timeout: 30_000 }).toEqual(documented(station).map((name) => `headspring.${name}`));
  });

  it("nests a consumer's work in its run, which ends last", async () => {
    const parts = () => [...named("project"), ...named("react")];
    await until("their runs", () => parts().every(({ parent }) => spans().some(({ id }) => id === parent)) || undefined);
    const ended = spans();
    for (const work of parts()) {
      const run = ended.find(({ id }) => id === work.parent);
      expect(run?.name).toBe("headspring.consume");
      expect(of(run as Span, "consumer")).toBe(of(work, "consumer"));
      expect(ended.findIndex(({ id }) => id === run?.id)).toBeGreaterThan(ended.findIndex(({ id }) => id === work.id));
    }
  });

  it("nests the hand-over to the log in the command or append, and has the log's commit in the same trace of the platform", () => {
    const command = named("command").find((span) => of(span, "command") === "PlaceOrder");
    const sequence = named("sequence").find((span) => of(span, "stream") === "order/1");
    expect(sequence?.parent).toBe(command?.id);
    expect(named("sequence").find((span) => of(span, "stream") === "plain/1")?.parent).toBe(named("append")[0]?.id);
    expect(named("commit").map(({ trace }) => trace)).toContain(command?.trace);
    expect(command?.attributes).toMatchObject({ "headspring.outcome": "written", "headspring.traceId": TRACE_ID });
  });

  it("goes on after the queue, where the platform begins another trace, with the request's trace id", () => {
    const reactions = named("react").filter((span) => of(span, "consumer") === "fulfilment" && of(span, "type") === "StockReserved");
    expect(reactions).not.toEqual([]);
    const placed = named("command").find((span) => of(span, "command") === "PlaceOrder");
    for (const span of reactions) {
      expect(of(span, "traceId")).toBe(TRACE_ID);
      expect(span.trace).not.toBe(placed?.trace);
    }
    for (const command of ["ReserveStock", "ConfirmLine"]) {
      for (const span of named("command").filter((one) => of(one, "command") === command)) expect(of(span, "traceId")).toBe(TRACE_ID);
    }
    expect(named("wake").some((span) => of(span, "traceId") === TRACE_ID)).toBe(true);
    expect(named("consume").some((span) => of(span, "traceId") === TRACE_ID)).toBe(true);
  });

  it("reaches the webhook's endpoint, and the span there has the answer's status", () => {
    expect(receiver.deliveries[0]?.traceparent).toBe(TRACE);
    const [delivery] = named("deliver");
    expect(delivery?.attributes).toMatchObject({
      "headspring.consumer": "shipping",
      "headspring.type": "OrderReady",
      "headspring.traceId": TRACE_ID,
      "headspring.outcome": "delivered",
      "headspring.response": 204,
      "headspring.messageId": receiver.deliveries[0]?.id,
      "headspring.correlationId": TRACE_ID,
    });
  });

  it("has nothing of the order's content, and no failure where there was none", () => {
    expect(JSON.stringify(spans())).not.toContain(CUSTOMER);
    expect(spans().filter(({ status }) => status !== undefined)).toEqual([]);
  });
});

describe("work as a span", () => {
  let server: Server;
  /** What a piece of work came to, and its span. */
  async function done(work: string): Promise<{ answer: unknown; span: Span }> {
    const answer: unknown = (await server.client.call(`/${work}`)).body;
    const mine = () => spansOf(server).find(({ attributes }) => attributes["headspring.stream"] === work);
    return { answer, span: await until(`the span of ${work}`, mine) };
  }

  beforeAll(async () => {
    server = await Server.start({ configs: configs((main) => `name = "work"\n${main("test/e2e/span-worker.ts")}\n${DATE}\n`) });
  });
  afterAll(() => server.stop());

  it.each(["returns", "resolves"])("that %s answers with its result, and has the attributes that were noted on the way", async (work) => {
    const { answer, span } = await done(work);
    expect(answer).toEqual({ result: work });
    expect(span.attributes).toEqual({ "headspring.stream": work, "headspring.events": 2, "headspring.outcome": "done" });
    expect(span.status).toBeUndefined();
  });

  it.each(["throws", "rejects"])(
    "that %s is marked as failed, without the error's message, and the caller gets the error",
    async (work) => {
      const { answer, span } = await done(work);
      expect(answer).toEqual({ error: "m4rked" });
      expect(span.status).toEqual({ code: "error" });
      expect(JSON.stringify(span)).not.toContain("m4rked");
    },
  );
});
