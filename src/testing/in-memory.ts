/** A stream of an aggregate in memory: for tests of a whole story, and of what must hold whatever happens. */

import type * as z from "zod";
import type { DecideContext } from "../core/command.ts";
import { type Duration, milliseconds } from "../core/duration.ts";
import type { DataSchemas, Frozen, JsonValue, RecordedEvent } from "../core/event.ts";
import { derivedId } from "../core/ids.ts";
import { parseData } from "../core/parse-data.ts";
import type { Aggregate, AnyAggregate } from "../definitions/aggregate.ts";
import type { EventOf } from "../definitions/followed.ts";
import { type TimerChange, decide } from "../streams/decide.ts";
import { evolved, initialStateOf } from "../streams/fold.ts";
import { plainState } from "./plain-state.ts";
import { NOW, asStored, on, recorded } from "./recorded.ts";

/** The answer to a command. */
export type Ran<Event> =
  | { readonly ok: true; readonly version: number; readonly events: readonly Event[] }
  | { readonly ok: false; readonly reason: string; readonly details?: JsonValue };

/** A stream in memory. Made by {@link inMemory}. */
export interface InMemory<Events extends DataSchemas, Commands extends DataSchemas, State> {
  /**
   * Carries out a command, internal ones, too.
   *
   * @throws what `decide` and `evolve` throw, and an error when the data does not fit the command's schema
   */
  run<const Command extends keyof Commands & string>(
    command: Command,
    data: Frozen<z.input<Commands[Command]>>,
    context?: Partial<Pick<DecideContext, "by">>,
  ): Ran<EventOf<{ readonly name: string; readonly events: Events }>>;
  /** Lets time pass. Timers go off when they are due. */
  wait(time: Duration): void;
  readonly state: Frozen<State>;
  readonly version: number;
  readonly now: Date;
  /** All that was stored, in order. */
  readonly events: readonly EventOf<{ readonly name: string; readonly events: Events }>[];
  /** What is pending, the next one first. */
  readonly timers: readonly {
    readonly command: keyof Commands & string;
    readonly key?: string;
    readonly due: string;
    readonly data: JsonValue;
  }[];
}

/** Where a test begins. */
export interface Beginning {
  /** The stream's id. Default: 1. */
  readonly id?: string;
  /** Default: {@link NOW}. */
  readonly now?: Date;
}

interface Pending {
  readonly command: string;
  readonly key: string;
  readonly due: number;
  readonly data: string;
}

/**
 * A stream in memory that carries out commands as a store does, one after the other, and keeps their timers. For stories of several
 * commands, and for properties that must hold whatever comes in.
 *
 * @example
 * const apple = inMemory(product, { id: "apple" });
 * const reserved = apple.run("ReserveStock", { order: "42", quantity: 2 });
 * if (!reserved.ok) throw new Error(reserved.reason);
 * apple.wait("30m"); // timers go off on the way
 * console.log(apple.state.quantity, apple.events.length);
 */
export function inMemory<Name extends string, Events extends DataSchemas, Commands extends DataSchemas, State>(
  aggregate: Aggregate<Name, Events, Commands, State>,
  beginning: Beginning = {},
): InMemory<Events, Commands, State> {
  // The aggregate's own schemas check what the types above say.
  return new MemoryStream(aggregate as AnyAggregate, beginning) as unknown as InMemory<Events, Commands, State>;
}

class MemoryStream {
  readonly events: RecordedEvent[] = [];
  readonly #aggregate: AnyAggregate;
  readonly #id: string;
  #now: number;
  #state: unknown;
  #commands = 0;
  #pending: readonly Pending[] = [];

  constructor(aggregate: AnyAggregate, { id = "1", now = new Date(NOW) }: Beginning) {
    this.#aggregate = aggregate;
    this.#id = id;
    this.#now = now.getTime();
    this.#state = asStored(plainState(aggregate, "the initial state", initialStateOf(aggregate)));
  }

  get state(): unknown {
    return this.#state;
  }

  get version(): number {
    return this.events.length;
  }

  get now(): Date {
    return new Date(this.#now);
  }

  get timers() {
    return this.#pending.map(({ command, key, due, data }) => ({
      command,
      ...(key === "" ? {} : { key }),
      due: new Date(due).toISOString(),
      data: JSON.parse(data) as JsonValue,
    }));
  }

  run(command: string, body: unknown, context: Partial<Pick<DecideContext, "by">> = {}): Ran<RecordedEvent> {
    const { name, commands } = this.#aggregate;
    const schema = Object.hasOwn(commands, command) ? commands[command] : undefined;
    if (!schema) throw new TypeError(`${name} has no command "${command}" (${Object.keys(commands).join(", ")})`);
    const parsed = parseData(schema, asStored(body));
    if ("issues" in parsed) throw new TypeError(`${command} of ${name} does not fit its schema: ${JSON.stringify(parsed.issues)}`);
    const commandId = derivedId("in-memory", this.#id, ++this.#commands);
    const meta = { correlationId: commandId, causationId: commandId };
    const about = { now: this.now, id: this.#id, version: this.version, commandId, meta, ...context };
    const decided = decide(this.#aggregate, command, this.#state, parsed.data, about);
    if (decided.kind === "refused") {
      const { reason, details } = decided;
      return { ok: false, reason, ...(details === undefined ? {} : { details: JSON.parse(details) as JsonValue }) };
    }
    const by = context.by === undefined ? {} : { by: context.by };
    const events = decided.events.map(({ type, data }, index) => this.#recorded(type, data, { ...meta, ...by }, index));
    // What is decided must also be foldable: the stream refuses to store what it could not read again.
    this.#state = events.reduce((state, event) => this.#evolved(state, event), this.#state);
    this.events.push(...events);
    for (const timer of decided.timers) this.#change(timer);
    return { ok: true, version: this.version, events };
  }

  wait(time: Duration): void {
    const until = this.#now + milliseconds(time, "wait");
    for (let next = this.#pending[0]; next !== undefined && next.due <= until; next = this.#pending[0]) {
      this.#now = Math.max(this.#now, next.due);
      this.#pending = this.#pending.slice(1);
      this.run(next.command, JSON.parse(next.data));
    }
    this.#now = until;
  }

  #recorded(type: string, data: string, meta: RecordedEvent["meta"], index: number): RecordedEvent {
    const version = this.version + index + 1;
    const at = this.now.toISOString();
    const stream = `${this.#aggregate.name}/${this.#id}`;
    const [event] = recorded(
      [this.#aggregate],
      [on(stream, { kind: "event", type, data: JSON.parse(data) }, { id: derivedId(stream, version), meta, time: at, recordedAt: at })],
    );
    return { ...(event as RecordedEvent), version, position: version };
  }

  #evolved(state: unknown, event: RecordedEvent): unknown {
    return asStored(plainState(this.#aggregate, `the state after ${event.type}`, evolved(this.#aggregate, state, event.data, event)));
  }

  #change(timer: TimerChange): void {
    const isOther = ({ command, key }: Pending) => timer.cancelled !== "all" && (command !== timer.command || key !== timer.key);
    const others = this.#pending.filter(isOther);
    this.#pending = "due" in timer ? [...others, timer].toSorted(earlier) : others;
  }
}

/** The order in which a stream's object lets timers go off. */
function earlier(one: Pending, other: Pending): number {
  const [a, b] = [`${one.command} ${one.key}`, `${other.command} ${other.key}`];
  return one.due - other.due || (a < b ? -1 : a > b ? 1 : 0);
}
