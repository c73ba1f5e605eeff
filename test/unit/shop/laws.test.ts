// oxlint-disable vitest/expect-expect -- the properties expect in functions of their own
/** What must hold for every sequence of commands: each command is tried twice, on every state that the sequence leads to. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { order } from "../../../src/shop/order.ts";
import { product } from "../../../src/shop/product.ts";
import { inMemory } from "headspring/testing";
import type { AnyAggregate } from "../../../src/definitions/aggregate.ts";

type Command = readonly [name: string, data: object];
type Stream = ReturnType<typeof streamOf>;
type Event = Stream["events"][number];
interface Reservation {
  readonly order: string;
  readonly quantity: number;
}

// Few names and small numbers, so that commands meet each other; and the names that every object has.
const someOrder = fc.constantFrom("1", "2", "3", "constructor", "__proto__");
const someSku = fc.constantFrom("tea", "cup", "pot");
const quantity = fc.integer({ min: 1, max: 6 });

const productCommands = fc.oneof(
  fc.record({ quantity }).map((data): Command => ["ReceiveStock", data]),
  fc.record({ order: someOrder, quantity }).map((data): Command => ["ReserveStock", data]),
  fc.record({ order: someOrder }).map((data): Command => ["ReleaseStock", data]),
);

const lines = fc.uniqueArray(fc.record({ sku: someSku, quantity }), { minLength: 1, selector: ({ sku }) => sku });
const orderCommands = fc.oneof(
  fc.record({ customer: fc.string({ minLength: 1 }), lines }).map((data): Command => ["PlaceOrder", data]),
  fc.record({ sku: someSku }).map((data): Command => ["ConfirmLine", data]),
  fc.record({ sku: someSku, reason: fc.string() }).map((data): Command => ["RejectOrder", data]),
);

/** Commands that name a final state, not what to add. */
const IDEMPOTENT = new Set(["ReserveStock", "ReleaseStock", "ConfirmLine", "RejectOrder"]);

const streamOf = (aggregate: AnyAggregate) => inMemory(aggregate);

/** What the command stored; nothing when it was refused. */
function execute(stream: Stream, [name, data]: Command): readonly Event[] {
  const ran = stream.run(name, data);
  return ran.ok ? ran.events : [];
}

/** Runs commands, each of these twice, and hands over what the repeats stored. */
function run(aggregate: AnyAggregate, commands: readonly Command[], afterEach: (stream: Stream) => void = () => {}) {
  const stream = streamOf(aggregate);
  const repeats: Event[] = [];
  for (const command of commands) {
    execute(stream, command);
    afterEach(stream);
    if (IDEMPOTENT.has(command[0])) repeats.push(...execute(stream, command));
    afterEach(stream);
  }
  return { events: stream.events, repeats };
}

/** The stock as a bookkeeper keeps it who has never seen the aggregate. */
function books(events: readonly Event[]) {
  let received = 0;
  const held = new Map<string, number>();
  for (const { type, data } of events as readonly { type: string; data: Reservation }[]) {
    if (type === "StockReceived") received += data.quantity;
    if (type === "StockReserved") held.set(data.order, (held.get(data.order) ?? 0) + data.quantity);
    if (type === "StockReleased") held.set(data.order, (held.get(data.order) ?? 0) - data.quantity);
  }
  const reserved = [...held].flatMap(([order, quantity]) => (quantity === 0 ? [] : { order, quantity }));
  return { available: received - reserved.reduce((sum, { quantity }) => sum + quantity, 0), reserved };
}

function balance({ state, events }: Stream): void {
  const { available, reserved } = state as ReturnType<typeof books>;
  const expected = books(events);
  expect(available).toBe(expected.available);
  expect(new Set(reserved)).toEqual(new Set(expected.reserved));
  expect(Math.min(available, ...reserved.map(({ quantity }) => quantity))).toBeGreaterThanOrEqual(0);
}

describe("a product, whatever its commands,", () => {
  it("evolves without failing, and stores no repeated command except one that was declined and is declined again", () => {
    fc.assert(
      fc.property(fc.array(productCommands, { maxLength: 40 }), (commands) => {
        const { repeats } = run(product, commands);
        expect(repeats.filter(({ type }) => type !== "ReservationDeclined")).toEqual([]);
      }),
    );
  });

  it("has as many pieces available and reserved as it has received, and never less than none", () => {
    fc.assert(fc.property(fc.array(productCommands, { maxLength: 40 }), (commands) => void run(product, commands, balance)));
  });

  it("declines only pieces that it does not have", () => {
    fc.assert(
      fc.property(fc.array(productCommands, { maxLength: 40 }), (commands) => {
        const { events } = run(product, commands);
        const declines = events.flatMap(({ type, data }, index) =>
          type === "ReservationDeclined" ? { index, ...(data as Reservation) } : [],
        );
        expect(declines.filter(({ index, quantity }) => quantity <= books(events.slice(0, index)).available)).toEqual([]);
      }),
    );
  });
});

describe("an order, whatever its commands,", () => {
  it("evolves without failing, and stores no repeated command", () => {
    fc.assert(
      fc.property(fc.array(orderCommands, { maxLength: 40 }), (commands) => {
        expect(run(order, commands).repeats).toEqual([]);
      }),
    );
  });

  it("is placed at most once, and after that is ready or rejected, at most once", () => {
    fc.assert(
      fc.property(fc.array(orderCommands, { maxLength: 40 }), (commands) => {
        const types = run(order, commands).events.map(({ type }) => type);
        expect(types.lastIndexOf("OrderPlaced")).toBeLessThanOrEqual(0);
        expect(types.filter((type) => type === "OrderReady" || type === "OrderRejected").length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
