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

/** Handlers of the events of these categories, whatever they are; of other events, too, so that {@link Undeclared} says what is wrong. */
export type HandlersOf<From extends Followed, More extends string = never> = Readonly<
  // oxlint-disable-next-line typescript/no-explicit-any -- `unknown` would refuse handlers whose type is an interface
  Partial<Record<EventOf<From>["type"] | More, unknown>> & Record<string, any>
>;

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

/**
 * Stands for the handler of an event or a command that is not declared. It can be called, so that the compiler does not complain about the
 * handler's parameters as well; and it is a condition, since the compiler shows that in full instead of by its name.
 */
export type Undeclared<Name> = string extends Name
  ? AnyOne
  : Name extends string
    ? AnyCalled & `nothing is declared that is called "${Name}"`
    : never;
/* oxlint-disable typescript/no-explicit-any -- no narrower type lets the handler be wrong only once */
type AnyOne = any;
type AnyCalled = (...parameters: any[]) => unknown;
/* oxlint-enable typescript/no-explicit-any */
