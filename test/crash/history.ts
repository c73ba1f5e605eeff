/** The log of a store, arranged for questions. */

import { isErasure } from "../../src/core/event.ts";
import type { Event } from "./witnesses.ts";
import type { Write } from "./writes.ts";

export class History {
  readonly store: string;
  readonly events: readonly Event[];
  readonly streams: ReadonlyMap<string, readonly Event[]>;
  readonly #byCorrelation: ReadonlyMap<unknown, readonly Event[]>;
  readonly #byCause: ReadonlyMap<unknown, readonly Event[]>;

  /** Streams whose events were erased: nobody can tell any more which write they came of. */
  readonly erased: ReadonlySet<string>;

  constructor(store: string, events: readonly Event[]) {
    this.store = store;
    this.events = events;
    this.streams = Map.groupBy(events, ({ stream }) => stream);
    this.erased = new Set(events.flatMap((event) => (isErasure(event) ? event.stream : [])));
    this.#byCorrelation = Map.groupBy(events, ({ meta }) => meta.correlationId);
    this.#byCause = Map.groupBy(events, ({ meta }) => meta.causationId);
  }

  ofType(...types: readonly string[]): Event[] {
    return this.events.filter(({ type }) => types.includes(type));
  }

  /** What a write has stored, not counting what it led to. */
  storedBy({ id, stream, types }: Write): Event[] {
    const caused = this.#byCorrelation.get(id) ?? [];
    // The end of a stream has a meta of its own.
    const all = types[0] === "$deleted" || this.erased.has(stream) ? (this.streams.get(stream) ?? []) : caused;
    return all.filter((event) => event.stream === stream && types.includes(event.type));
  }

  /** What an event has directly led to. */
  causedBy({ id }: Event, type: string): Event[] {
    return (this.#byCause.get(id) ?? []).filter((event) => event.type === type);
  }

  in(stream: string, ...types: readonly string[]): Event[] {
    return (this.streams.get(stream) ?? []).filter(({ type }) => types.includes(type));
  }
}

/** One thing that must follow from another, exactly once. */
export interface Consequence {
  readonly of: Event;
  readonly what: string;
  readonly found: readonly Event[];
}

/** Everything that must have followed from what is in the log, once it is at rest (promise 5; timers: promise 2). */
export function consequences(history: History): Consequence[] {
  return history.events.flatMap((event): Consequence[] => {
    const id = event.stream.slice(event.stream.indexOf("/") + 1);
    switch (event.type) {
      case "Read": {
        const counted = { of: event, what: "its count", found: history.causedBy(event, "Counted") };
        const raised = { of: event, what: "its alarm", found: history.causedBy(event, "Raised") };
        return Number(event.data.value) > 100 ? [counted, raised] : [counted];
      }
      case "OrderPlaced":
        return [{ of: event, what: "the order's end", found: history.in(event.stream, "OrderReady", "OrderRejected") }];
      case "Asked":
        return [{ of: event, what: "the reminder", found: history.in(event.stream, "Reminded") }];
      case "SagaStarted":
        return [{ of: event, what: "the checkout's end", found: history.in(event.stream, "SagaCompleted", "SagaFailed") }];
      case "PaymentRequested":
        return [{ of: event, what: "the payment service's word", found: history.in(`charge/${id}`, "Charged", "ChargeDeclined") }];
      default:
        return [];
    }
  });
}
