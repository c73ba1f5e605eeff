/** What the compiler accepts as a state: a type for every definition that folds one. Types only. */

/** What a state may be: JSON. `unknown` and `any` pass; the test kit and snapshots find what they hide. */
export type PlainState<State> = State extends string | number | boolean | null
  ? State
  : State extends ((...args: never) => unknown) | bigint | symbol | undefined
    ? NotPlainJson
    : State extends Date | ReadonlyMap<never, unknown> | ReadonlySet<unknown> | WeakMap<never, unknown> | ArrayBufferView | Promise<unknown>
      ? NotPlainJson
      : unknown extends State
        ? State
        : { [Key in keyof State]: PlainMember<State, Key> };
/** A member that is `undefined` counts as absent. An array has no absent members: JSON would turn them into `null`. */
type PlainMember<State, Key extends keyof State> = State extends readonly unknown[]
  ? PlainState<State[Key]>
  : PlainState<Exclude<State[Key], undefined>> | Extract<State[Key], undefined>;
/** The compiler shows this text when a state is something else. */
type NotPlainJson = "a state must be plain JSON: no Date, Map, Set, function, bigint, symbol or undefined";
