/**
 * What a processor declares that it may emit: checked by the compiler, and at run time for code that casts its way past the compiler. Pure.
 */

import type { AppendAction, CommandTarget, FactTarget, SendAction } from "../../core/sending.ts";

/** The target of an emission: an aggregate takes commands, a plain category takes events. */
type Target = CommandTarget | FactTarget;

/** Everything that a target takes, or only the commands or event types listed after it. */
export type Emission = Target | readonly [Target, string, ...string[]];

/** The names of what a target takes. */
type NameOf<To> =
  To extends CommandTarget<string, infer Commands>
    ? keyof Commands & string
    : To extends FactTarget<string, infer Events>
      ? keyof Events & string
      : never;

/** The declaration, checked so that a misspelt command or event type does not compile. */
export type Checked<Emits> = Emits extends readonly [infer To extends Target, string, ...string[]]
  ? readonly [To, NameOf<To>, ...NameOf<To>[]]
  : Emits extends readonly unknown[]
    ? { readonly [Index in keyof Emits]: Emits[Index] extends readonly unknown[] ? Checked<Emits[Index]> : Emits[Index] }
    : Emits;

/** The actions that go to a target. */
type ActionTo<To, Names extends string> =
  To extends CommandTarget<infer Name, infer Commands>
    ? SendAction<Name, Names & keyof Commands & string>
    : To extends FactTarget<infer Name, infer Events>
      ? AppendAction<Name, Names & keyof Events & string>
      : never;

/** The actions that one emission, or each of several, allows. */
export type ActionOf<Emits> = Emits extends readonly [infer To extends Target, ...infer Names extends readonly [string, ...string[]]]
  ? ActionTo<To, Names[number]>
  : Emits extends readonly (infer One)[]
    ? ActionOf<One>
    : ActionTo<Emits, string>;

/** What a processor may emit to one target, as the engine sees it. */
export interface Emissions {
  readonly to: Target;
  /** Names of commands or of event types. */
  readonly names: ReadonlySet<string>;
}

/**
 * The declaration as the engine sees it.
 *
 * @throws {TypeError} when a target does not have a name that is listed after it
 */
export function emissionsOf(processor: string, emits: Emission | readonly Emission[]): Emissions[] {
  return listed(emits).map((emission) => {
    if (!isNarrowed(emission)) return { to: emission, names: namesOf(emission) };
    const [to, ...names] = emission;
    for (const name of names) {
      if (!namesOf(to).has(name)) {
        throw new TypeError(`${processor} emits "${name}" to "${to.name}", which takes ${[...namesOf(to)].join(", ")}`);
      }
    }
    return { to, names: new Set(names) };
  });
}

/** Describes an action that is not declared; undefined when it is declared. */
export function undeclared(emissions: readonly Emissions[], action: SendAction | AppendAction): string | undefined {
  const [what, name, target] =
    action.kind === "send" ? ["the command", action.command, action.aggregate] : ["an event", action.event.type, action.category];
  if (emissions.some(({ to, names }) => isFor(to, action) && to.name === target && names.has(name))) return undefined;
  const declared = emissions.map(({ to, names }) => `${[...names].join(", ")} to "${to.name}"`).join("; ");
  return `${what} ${name} to "${target}", but declares to emit ${declared || "nothing"}`;
}

/** Whether this target takes events instead of commands. */
export function takesFacts(to: Target): to is FactTarget {
  return !("commands" in to);
}

function isFor(to: Target, action: SendAction | AppendAction): boolean {
  return takesFacts(to) === (action.kind === "append");
}

function namesOf(to: Target): Set<string> {
  return new Set(Object.keys(takesFacts(to) ? to.events : to.commands));
}

function isNarrowed(emits: Emission | readonly Emission[]): emits is readonly [Target, string, ...string[]] {
  return Array.isArray(emits) && typeof emits[1] === "string";
}

function listed(emits: Emission | readonly Emission[]): readonly Emission[] {
  return isNarrowed(emits) || !Array.isArray(emits) ? [emits as Emission] : (emits as readonly Emission[]);
}
