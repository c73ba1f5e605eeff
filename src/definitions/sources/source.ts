/** A source that the code declares: what it follows, and what it makes of each change. Pure: this file knows no runtime. */

import { type Duration, milliseconds } from "../../core/duration.ts";
import type { JsonObject } from "../../core/event.ts";
import { requireName } from "../../core/names.ts";
import type { Category } from "../category.ts";
import type { AnySourceKind, SourceKind } from "./kind.ts";

declare const seen: unique symbol;

/** What a source follows, with its settings: what `postgres({…})` returns. `Seen`: what its changes are like. */
export interface Outside<Seen extends object = JsonObject> {
  readonly kind: AnySourceKind;
  readonly settings: object;
  /** Never there: only its type counts. */
  readonly [seen]?: Seen;
}

/** What `postgres` is: makes an {@link Outside} in code, and is what an app lists so that sources of this kind can be declared over HTTP. */
export interface SourceKindInCode<Settings extends object = never, Seen extends object = JsonObject> {
  (settings: Settings): Outside<Seen>;
  readonly kind: AnySourceKind;
}

/**
 * Makes a kind of sources usable: what it returns takes the settings and goes into `from` of a {@link source}, and into the app's `sourceKinds`.
 *
 * @throws {TypeError} from the returned function, when the settings are not valid
 *
 * @example
 * export const clock = sourceKind<{ everySeconds: number }, { tick: number }>({
 *   name: "clock",
 *   settings: z.strictObject({ everySeconds: z.number() }),
 *   change: true,
 *   everyMs: 1_000,
 *   needs: () => [],
 *   connect: async ({ everySeconds }) => ({
 *     read: async () => {
 *       const tick = Math.floor(Date.now() / 1_000 / everySeconds);
 *       return { changes: [{ id: `${tick}`, position: `${tick}`, value: { tick } }], hasMore: false };
 *     },
 *     acknowledge: async () => {},
 *     close: async () => {},
 *   }),
 * });
 */
export function sourceKind<Settings extends object, Seen extends object = JsonObject>(
  kind: SourceKind<Settings>,
): SourceKindInCode<Settings, Seen> {
  const make = (given: Settings): Outside<Seen> => {
    const parsed = kind.settings.safeParse(given);
    if (!parsed.success) {
      const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "it"}: ${message}`);
      throw new TypeError(`the settings of ${kind.name} are not valid: ${issues.join("; ")}`);
    }
    return { kind, settings: parsed.data };
  };
  return Object.assign(make, { kind });
}

/** What is appended for a change. */
export interface MadeEvent {
  /** The stream's id within the category. */
  readonly stream: string;
  /** Absent: the only event type that the category has. */
  readonly type?: string;
  readonly data: unknown;
}

/** A source, as the engine sees it, wherever it was declared. */
export interface Source<Name extends string = string> {
  readonly kind: "source";
  readonly name: Name;
  readonly description?: string;
  readonly outside: Pick<Outside, "kind" | "settings">;
  /** The name of the plain category that it feeds. */
  readonly to: string;
  /** The store that it feeds, if it is declared in code. */
  readonly store: string;
  /** Milliseconds between two connections when there is nothing new. */
  readonly everyMs?: number;
  /** What is appended for a change; undefined: nothing, the change is of no concern. Throws when it cannot tell. */
  readonly eventOf: (change: JsonObject) => MadeEvent | undefined;
}

/** A source that the code declares: what {@link source} returns. `Seen`: what the kind's changes are like. */
export interface SourceInCode<
  Name extends string = string,
  Seen extends object = never,
  To extends Category = Category,
> extends Source<Name> {
  /** The category that it feeds. */
  readonly category: To;
  /** Never there: only its type counts. */
  readonly [seen]?: (change: Seen) => void;
}

/** What {@link source} takes. `Seen`: what the kind's changes are like. */
export interface SourceDefinition<Seen extends object, To extends Category = Category> {
  readonly description?: string;
  /** What it follows: `postgres({…})`, `queue({…})`. */
  readonly from: Outside<Seen>;
  /** The plain category that it feeds, which the app declares. */
  readonly to: To;
  /** The id of the stream that a change belongs to. Changes of one stream keep their order. */
  readonly stream: (change: Seen) => string;
  /** The event type. Default: the only one that the category has. */
  readonly type?: (change: Seen) => string;
  /** The event's data, which must fit the category's schema. Default: the change as it is. */
  readonly data?: (change: Seen) => unknown;
  /** Whether the change is of any concern. Default: every change is. */
  readonly where?: (change: Seen) => boolean;
  /** How often it looks for changes when there were none. Default: the kind's own, some seconds. */
  readonly every?: Duration;
  /** The store that it feeds. Default: `default`. */
  readonly store?: string;
}

/** Milliseconds between two connections at least. Ours: a source that should be faster than this keeps its connection while there is more. */
export const LEAST_EVERY_MS = 100;
/** And at most. Ours: a day, far within what an alarm can be set to. */
export const MOST_EVERY_MS = 86_400_000;

/**
 * Declares a source: it follows a database or a broker, and appends each change to a plain category once.
 *
 * @throws {TypeError} when the name cannot be part of a route, or `every` is no duration
 *
 * @example
 * export const readingsIn = source("readings-in", {
 *   from: queue<{ sensor: string; celsius: number }>({ queue: "readings" }),
 *   to: reading,
 *   stream: ({ body }) => body.sensor,
 *   data: ({ body: { celsius } }) => ({ celsius }),
 * });
 */
export function source<const Name extends string, Seen extends object, To extends Category = Category>(
  name: Name,
  { description, from, to, stream, type, data, where, every, store = "default" }: SourceDefinition<Seen, To>,
): SourceInCode<Name, Seen, To> {
  requireName("source", name);
  const everyMs = every === undefined ? undefined : milliseconds(every, `source "${name}"`);
  if (everyMs !== undefined && (everyMs < LEAST_EVERY_MS || everyMs > MOST_EVERY_MS))
    throw new TypeError(`source "${name}": \`every\` must be from ${LEAST_EVERY_MS}ms to ${MOST_EVERY_MS / 3_600_000}h`);
  return {
    kind: "source",
    name,
    ...(description === undefined ? {} : { description }),
    outside: from,
    to: to.name,
    category: to,
    store,
    ...(everyMs === undefined ? {} : { everyMs }),
    eventOf(change) {
      // What the kind gives is what its own type says.
      const seen = change as unknown as Seen;
      if (where && !where(seen)) return undefined;
      return { stream: stream(seen), ...(type ? { type: type(seen) } : {}), data: data ? data(seen) : change };
    },
  };
}
