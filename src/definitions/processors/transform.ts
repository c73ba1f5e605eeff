/** A transform: makes new plain streams from streams. It is a reactor that only appends. Pure: this file knows no runtime. */

import type * as z from "zod";
import { type AppendAction, type FactTarget, type NewEventOf, append } from "../../core/command.ts";
import { type DataSchemas, type Frozen, type RecordedEvent, streamIdOf } from "../../core/event.ts";
import type { EventOf, EventOfType, Source } from "../source.ts";
import { type ProcessorOptions, type Reactor, reactor } from "./reactor.ts";

/** The event itself, if the target declares its type with the same data. */
type Kept<Events extends DataSchemas> = {
  [Type in keyof Events & string]: RecordedEvent<Type, Frozen<z.input<Events[Type]>>>;
}[keyof Events & string];

/** The result for one event: one event for the target, several, or none. An event that is kept as it is may be returned itself. */
type Made<Events extends DataSchemas> = NewEventOf<Events> | Kept<Events>;
type Answer<Events extends DataSchemas> = Made<Events> | readonly Made<Events>[] | undefined | void;

export interface TransformDefinition<From extends Source, Events extends DataSchemas> extends ProcessorOptions {
  /** The categories whose events it takes. */
  readonly from: From | readonly From[];
  /** The plain category whose streams it makes. */
  readonly to: FactTarget<string, Events>;
  /** The result for each event type. Pure and synchronous. */
  readonly on: NoInfer<{
    readonly [Type in EventOf<From>["type"]]?: (event: EventOfType<From, Type>) => Answer<Events>;
  }>;
  /** The id of the stream that a made event goes to. Default: the id of the stream that the original came from. */
  readonly stream?: (event: NoInfer<EventOf<From>>, made: NoInfer<Made<Events>>) => string;
}

/**
 * Declares a transform. An event that it makes keeps the `time` of the event it was made from.
 *
 * @throws {TypeError} as {@link reactor} does
 *
 * @example export const heat = transform("heat", {
 *   from: reading,
 *   to: alarm,
 *   on: { Read: (read) => (read.data.celsius > 40 ? event("TooHot", { celsius: read.data.celsius }) : undefined) }, });
 */
export function transform<const Name extends string, From extends Source, Events extends DataSchemas>(
  name: Name,
  definition: TransformDefinition<From, Events>,
): Reactor<Name, From> {
  const { to, on, stream = ({ stream }: RecordedEvent) => streamIdOf(stream), ...rest } = definition;
  const make = on as unknown as Record<string, (event: RecordedEvent) => Answer<DataSchemas>>; // typed where they were written
  const into = stream as (event: RecordedEvent, made: Made<DataSchemas>) => string;
  const handle = (type: string) => (event: RecordedEvent) => {
    const answer = make[type]?.(event);
    const made: readonly Made<DataSchemas>[] = answer === undefined ? [] : [answer].flat();
    return made.map((one): AppendAction => {
      const action = append(to as FactTarget, into(event, one), one.type, one.data as Frozen<object>);
      return { ...action, time: event.time };
    });
  };
  const handlers = Object.fromEntries(Object.keys(on).map((type) => [type, handle(type)]));
  return reactor(name, { ...rest, emits: to, on: handlers } as unknown as Parameters<typeof reactor<Name, From, FactTarget>>[1]);
}
