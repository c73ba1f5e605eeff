/**
 * What a store's use costs, about: what docs/cost.md has measured for one of each, times how many there were. Between what it costs under steady
 * load, where events share requests and rows, and alone in an idle store. Pure.
 */

/** From the least to the most. */
export type Range = readonly [least: number, most: number];

/** Dollars per million, under steady load and alone. Each is a case of docs/cost.md without “a stream that is there, the log”; a test compares them. */
export const PER_MILLION = {
  event: [2.69, 2.85],
  view: [1.11, 4.84],
  processor: [2.37, 7.42],
  webhook: [1.05, 7.2],
} as const satisfies Record<string, Range>;

/** Dollars for a GB and month: of objects, and of D1. */
const OBJECTS_GB = 0.2;
const D1_GB = 0.75;
const GB = 1e9;

export interface Usage {
  readonly events: number;
  /** What consumers have processed of these, by kind. */
  readonly processed: Readonly<Record<"view" | "processor" | "webhook", number>>;
  readonly logBytes: number;
  /** Of all stores that share the databases. */
  readonly databaseBytes: number;
}

export interface Item {
  readonly what: string;
  readonly count?: number;
  readonly bytes?: number;
  readonly dollars: Range;
}

function times(count: number, [least, most]: Range): Range {
  return [(count * least) / 1e6, (count * most) / 1e6];
}

function stored(bytes: number, price: number): Range {
  return [(bytes / GB) * price, (bytes / GB) * price];
}

export function costOf({ events, processed, logBytes, databaseBytes }: Usage): Item[] {
  return [
    { what: "Events stored", count: events, dollars: times(events, PER_MILLION.event) },
    { what: "… processed by views", count: processed.view, dollars: times(processed.view, PER_MILLION.view) },
    { what: "… processed by processors", count: processed.processor, dollars: times(processed.processor, PER_MILLION.processor) },
    { what: "… delivered by webhooks", count: processed.webhook, dollars: times(processed.webhook, PER_MILLION.webhook) },
    // Each event is stored twice: in its stream and in the log.
    { what: "Storage of streams and log, a month", bytes: logBytes * 2, dollars: stored(logBytes * 2, OBJECTS_GB) },
    { what: "Storage of views, a month, of all stores", bytes: databaseBytes, dollars: stored(databaseBytes, D1_GB) },
  ];
}

export function totalOf(items: readonly Item[]): Range {
  return items.reduce<Range>(([least, most], { dollars }) => [least + dollars[0], most + dollars[1]], [0, 0]);
}
