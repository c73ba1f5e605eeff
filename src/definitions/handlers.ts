/**
 * Handlers by event type, each checked against the form that it has, so that the compiler says what is wrong inside it. Types only.
 *
 * The compiler infers what the app has written from a branch that is never taken ({@link Nobody}), as it infers `Place` in `core/place.ts`.
 */

import type { Declared, Several } from "../core/place.ts";
import type { EventOf, Followed } from "./followed.ts";

declare const nobody: unique symbol;
/** No handler is one. */
export interface Nobody {
  readonly [nobody]: true;
}

export type AnyFunction = (...args: never) => unknown;

/** Handlers of the events of these categories, whatever they are. */
export type HandlersOf<From extends Followed> = Readonly<Partial<Record<EventOf<From>["type"], unknown>>>;

/**
 * What a handler may answer, seen from what it does answer: of a wrong part only the part of that name, so that the compiler compares the
 * two and no others, or else the names that are declared.
 *
 * @typeParam Part what it may answer one or several of
 * @typeParam Other what it may answer instead
 */
export type MeantBy<Handler, Part, Other> = Handler extends (...args: never) => infer Answer
  ? [Answer] extends [Part | Several<Part> | Other]
    ? Part | Several<Part> | Other
    : Meant<Answer, Part, Other>
  : Part | Several<Part> | Other;
type Meant<Answer, Part, Other> = Answer extends Part | Several<Part> | Other
  ? Answer
  : Answer extends readonly (infer One)[]
    ? readonly Namesake<One, Part>[]
    : Namesake<Answer, Part>;

/** The part of the same name. */
export type Namesake<One, Part> = One extends Part
  ? One
  : One extends { readonly kind: "event"; readonly type: infer Name }
    ? Named<Extract<Part, { readonly kind: "event" }>, { readonly type: Name }>
    : One extends { readonly kind: "after" | "cancel"; readonly command: infer Name }
      ? Named<Extract<Part, { readonly kind: "after" | "cancel" }>, { readonly kind: One["kind"]; readonly command: Name }>
      : One extends { readonly kind: "send"; readonly aggregate: infer Name }
        ? Named<Extract<Part, { readonly kind: "send" }>, { readonly aggregate: Name }>
        : Part;
type Named<Parts, Name> = [Extract<Parts, Name>] extends [never] ? Extract<Parts, Declared<string>> : Extract<Parts, Name>;

/** Stands for the handler of an event or a command that is not declared. */
export type Undeclared<Name> = `nothing is declared that is called "${Name & string}"`;
