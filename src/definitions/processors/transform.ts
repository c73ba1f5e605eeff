/** A transform: makes new plain streams from streams. It is a reactor that only appends. Pure: this file knows no runtime. */

import type * as z from "zod";
import { type DeclaredEvent, type NewEventOf } from "../../core/command.ts";
import { type AppendAction, type FactTarget, append } from "../../core/sending.ts";
import { type DataSchemas, type Frozen, type RecordedEvent, streamIdOf } from "../../core/event.ts";
import { Misfit, kindOf } from "../../core/misfit.ts";
import type { HandlersOf, MeantBy, Nobody, Undeclared } from "../handlers.ts";
import type { EventOf, EventOfType, Followed } from "../followed.ts";
import { type ProcessorOptions, type Reactor, reactor } from "./reactor.ts";

/** The event itself, if the target declares its type with the same data. */
type Kept<Events extends DataSchemas> = {
  [Type in keyof Events & string]: KeptEvent<Type, Frozen<z.input<Events[Type]>>>;
}[keyof Events & string];
/** It has no `kind`, and says so, as a list of parts does. */
interface KeptEvent<Type extends string, Data> extends RecordedEvent<Type, Data> {
  readonly kind?: undefined;
}

/** The result for one event: one event for the target, several, or none. An event that is kept as it is may be returned itself. */
type Made<Events extends DataSchemas> = NewEventOf<Events> | Kept<Events>;
type Part<Events extends DataSchemas> = Made<Events> | DeclaredEvent<keyof Events & string>;

/** The handlers of a transform. */
type HandlersLike<On, From extends Followed, Events extends DataSchemas> = {
  readonly [Type in keyof On]: Type extends EventOf<From>["type"]
    ? [On[Type]] extends [Nobody]
      ? On[Type]
      : (event: EventOfType<From, Type>) => MeantBy<On[Type], Part<Events>, undefined | void>
    : Undeclared<Type>;
};

export interface TransformDefinition<
  From extends Followed,
  Events extends DataSchemas,
  On extends HandlersOf<From> = HandlersOf<From>,
> extends ProcessorOptions {
  /** The categories whose events it takes. */
  readonly from: From | readonly From[];
  /** The plain category whose streams it makes. */
  readonly to: FactTarget<string, Events>;
  /** The result for each event type. Pure and synchronous. */
  readonly on: HandlersLike<On, From, Events>;
  /** The id of the stream that a made event goes to. Default: the id of the stream that the original came from. */
  readonly stream?: (event: NoInfer<EventOf<From>>, made: NoInfer<Made<Events>>) => string;
}

/**
 * Declares a transform. An event that it makes keeps the `time` of the event it was made from.
 *
 * @throws {TypeError} as {@link reactor} does
 *
 * @example
 * export const heat = transform("heat", {
 *   from: reading,
 *   to: alarm,
 *   on: { Read: (read) => (read.data.celsius > 40 ? event("TooHot", { celsius: read.data.celsius }) : undefined) },
 * });
 */
export function transform<const Name extends string, From extends Followed, Events extends DataSchemas, On extends HandlersOf<From>>(
  name: Name,
  definition: TransformDefinition<From, Events, On>,
): Reactor<Name, From> {
  const { to, on, stream = ({ stream }: RecordedEvent) => streamIdOf(stream), ...rest } = definition;
  const make = on as unknown as Record<string, (event: RecordedEvent) => Made<DataSchemas> | readonly Made<DataSchemas>[] | undefined>; // typed where they were written
  const into = stream as (event: RecordedEvent, made: Made<DataSchemas>) => string;
  const handle = (type: string) => (event: RecordedEvent) => {
    const answer = make[type]?.(event);
    for (const one of answer === undefined ? [] : [answer].flat()) requireEvent(name, type, one);
    const made: readonly Made<DataSchemas>[] = answer === undefined ? [] : [answer].flat();
    return made.map((one): AppendAction => {
      const action = append(to as FactTarget, into(event, one), one.type, one.data as Frozen<object>);
      return { ...action, time: event.time };
    });
  };
  const handlers = Object.fromEntries(Object.keys(on).map((type) => [type, handle(type)]));
  return reactor(name, { ...rest, emits: to, on: handlers as never }); // typed where they were written, as above
}

/** An event that it makes, or one that it keeps. */
function requireEvent(transform: string, type: string, answer: unknown): void {
  const made: unknown = typeof answer === "object" && answer !== null && "type" in answer ? answer.type : undefined;
  if (typeof made !== "string")
    throw new Misfit(`the handler of ${type} of transform \`${transform}\` must answer with events, got ${kindOf(answer)}`);
}
