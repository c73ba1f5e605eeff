/** Spans as the platform reports them: one order, from the request over the queue to the shipping company, in the trace that the request named. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
}

/** The shop with its tracing on and somebody who listens, as two workers. */
function configs(): string[] {
  const folder = temporaryFolder();
  const [shop, tail] = ["shop.toml", "spans.toml"].map((name) => join(folder, name)) as [string, string];
  const deployed = readFileSync(join(ROOT, "wrangler.toml"), "utf8");
  const main = `main = ${JSON.stringify(join(ROOT, "src/worker.ts"))}`;
  writeFileSync(shop, `${deployed.replace(/^main = .*$/m, main)}\n[[streaming_tail_consumers]]\nservice = "spans"\n`);
  const date = /^compatibility_date = .*$/m.exec(deployed)?.[0];
  writeFileSync(tail, `name = "spans"\nmain = ${JSON.stringify(join(ROOT, "test/e2e/span-tail.ts"))}\n${date}\n`);
  return [shop, tail];
}

describe("one order, traced", () => {
  let server: Server;
  let receiver: Receiver;
  const spans = (): Span[] => [...server.output.matchAll(/<span>(.*?)<\/span>/g)].map(([, span = ""]) => JSON.parse(span) as Span);
  const named = (name: SpanName) => spans().filter((span) => span.name === `headspring.${name}`);
  const of = ({ attributes }: Span, name: string) => attributes[`headspring.${name}`];

  beforeAll(async () => {
    receiver = await Receiver.listen();
    receiver.secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    server = await Server.start({ configs: configs(), variables: { SHIPPING_URL: receiver.url, SHIPPING_SECRET: receiver.secret } });
    const { client } = server;
    await client.call("/aggregates/product/apple/ReceiveStock", { quantity: 10 });
    const order = { customer: CUSTOMER, lines: [{ sku: "apple", quantity: 2 }] };
    await client.call("/aggregates/order/1/PlaceOrder", order, { traceparent: TRACE });
    await until("the delivery and its span", () => (receiver.deliveries.length > 0 && named("deliver").length > 0) || undefined);
    await client.call("/streams/plain", {}, {}, "PUT");
    await client.call("/streams/plain/1", { type: "Seen", data: {} }, { traceparent: TRACE });
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

  it("nests the hand-over to the log in the command, and the log's commit in the same trace of the platform's", () => {
    const command = named("command").find((span) => of(span, "command") === "PlaceOrder");
    const sequence = named("sequence").find((span) => of(span, "stream") === "order/1");
    expect(sequence?.parent).toBe(command?.id);
    expect(named("commit").map(({ trace }) => trace)).toContain(command?.trace);
    expect(command?.attributes).toMatchObject({ "headspring.outcome": "written", "headspring.traceId": TRACE_ID });
  });

  it("goes on after the queue, where the platform begins another trace, under the trace id of the request", () => {
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

  it("reaches the endpoint of the webhook, and its span says what came back", () => {
    expect(receiver.deliveries[0]?.traceparent).toBe(TRACE);
    const [delivery] = named("deliver");
    expect(delivery?.attributes).toMatchObject({
      "headspring.consumer": "shipping",
      "headspring.type": "OrderReady",
      "headspring.traceId": TRACE_ID,
      "headspring.outcome": "delivered",
      "headspring.response": 204,
    });
  });

  it("says nothing of what was ordered", () => {
    expect(JSON.stringify(spans())).not.toContain(CUSTOMER);
  });
});
