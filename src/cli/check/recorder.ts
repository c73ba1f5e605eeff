/**
 * Replaces the package's index and runtime while an app is loaded to be checked: records the app that the worker is made of, and every
 * mistake, where a start of the worker ends with the first. Bundled with the app (load-app.ts).
 */

import type { App } from "../../definitions/app.ts";

/** A mistake that the code would throw at its start. */
export interface Mistake {
  readonly message: string;
  /** The line of the app that it was thrown at: `src/order.ts:12`. */
  readonly at?: string;
}

const apps = new Set<App>();
const mistakes: Mistake[] = [];
/** Substitutes for apps that could not be made. */
const broken = new WeakSet<object>();

export function recorded(): { readonly apps: readonly App[]; readonly mistakes: readonly Mistake[] } {
  return { apps: [...apps].filter((app) => !broken.has(app)), mistakes };
}

export function record(app: App): void {
  apps.add(app);
}

/** One error may list several. */
export function mistaken(error: unknown): void {
  const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  const at = placeIn(stack);
  for (const line of message.split("\n")) mistakes.push({ message: line, ...(at === undefined ? {} : { at }) });
}

type Make = (...given: readonly never[]) => unknown;

/** A function that makes a definition, and goes on with something like it when it finds a mistake. */
export function lenient<Making extends Make>(make: Making, substitute: (...given: readonly unknown[]) => object): Making {
  return ((...given: readonly never[]) => {
    try {
      return make(...given);
    } catch (error) {
      mistaken(error);
      const instead = substitute(...given);
      broken.add(instead);
      return instead;
    }
  }) as Making;
}

/** Below the temporary folder of the bundle, a source map has the paths from the project's folder. */
const FRAME = /\/headspring-check-[^/]+\/([^<][^()]*):(\d+):\d+\)?$/;

/** The line that called a maker, or else the first that is neither a package's nor Node's. */
function placeIn(stack: string): string | undefined {
  const lines = stack.split("\n").filter((line) => /^\s+at /.test(line));
  const ours = lines.findIndex((line) => line.includes("/cli/check/recorder."));
  for (const line of lines.slice(ours + 1)) {
    const [, path = "node_modules", number] = FRAME.exec(line) ?? [];
    if (!/(?:^|\/)node_modules\b|^app\.mjs$/.test(path)) return `${path}:${number}`;
  }
  return undefined;
}

/** The parts of a definition that others ask for. */
export function substituteOf(kind: string) {
  return (name: unknown, definition: unknown): object => {
    const given = (typeof definition === "object" && definition !== null ? definition : {}) as Readonly<Record<string, unknown>>;
    const followed = [given.from].flat().filter((one) => typeof one === "object" && one !== null);
    return {
      ...given,
      kind,
      name: String(name),
      events: given.events ?? {},
      commands: given.commands ?? {},
      followed,
      handlers: new Map(),
      queries: new Map(),
      emissions: [],
      indexes: [],
    };
  };
}
