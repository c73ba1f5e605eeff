/**
 * Loop protection. A processor that feeds itself would never stop. Such a loop is refused when the app is put together, if it can be seen
 * there, and bounded at run time if it cannot. Pure.
 *
 * What can be seen is the events that processors append: a processor that handles an event caused by its own answer is in a loop. What a
 * command leads to is known only to its aggregate, whose rules may end the loop. So every reaction records in the meta of its events how
 * many reactions in a row led to it.
 */

import type { RecordedEvent } from "../../core/event.ts";
import { hopsOf } from "../../core/meta.ts";
import { REACTION_HOPS } from "../limits.ts";
import type { Followed } from "../followed.ts";
import { type Emissions, takesFacts } from "./emissions.ts";

/** `true`: it is meant to feed itself. `hops`: how many reactions in a row may have led to an event that it still answers. */
export type Loops = boolean | { readonly hops: number };

/** What a loop check needs to know about a processor. */
export interface Feeder {
  readonly name: string;
  readonly followed: readonly Followed[];
  readonly emissions: readonly Emissions[];
  readonly handlers: ReadonlyMap<string, unknown>;
  readonly loops: Loops;
}

/** One processor passes an event on to another. */
interface Feed {
  readonly from: Feeder;
  readonly to: Feeder;
  /** `category Type`. */
  readonly event: string;
}

/** @throws {TypeError} when the hops are not a whole number from 1 */
export function requireHops(processor: string, loops: Loops): void {
  if (typeof loops === "object" && (!Number.isSafeInteger(loops.hops) || loops.hops < 1)) {
    throw new TypeError(`${processor} loops over a whole number of hops from 1, not ${loops.hops}`);
  }
}

/** @throws {TypeError} when processors feed each other, or one feeds itself, and none of them declares `loops` */
export function requireNoLoops(processors: readonly Feeder[]): void {
  const feeders = processors.filter(({ loops }) => loops === false);
  const feeds = feeders.flatMap((from) => feeders.flatMap((to) => feed(from, to) ?? []));
  for (const start of feeders) {
    const round = wayBack(start, feeds);
    if (!round) continue;
    const steps = round.map(({ from, to, event }) => `"${from.name}" appends ${event}, which "${to.name}" handles`);
    throw new TypeError(
      `${round.length === 1 ? `processor "${start.name}" feeds itself` : "processors feed each other"} without end: ` +
        `${steps.join("; ")}. If that is intended, declare one of them with \`loops: true\``,
    );
  }
}

function feed(from: Feeder, to: Feeder): Feed | undefined {
  for (const { to: target, names } of from.emissions) {
    if (!takesFacts(target) || !to.followed.some(({ name }) => name === target.name)) continue;
    const type = [...names].find((name) => to.handlers.has(name));
    if (type !== undefined) return { from, to, event: `${target.name} ${type}` };
  }
  return undefined;
}

/** The shortest path from a processor back to itself. */
function wayBack(start: Feeder, feeds: readonly Feed[]): readonly Feed[] | undefined {
  const seen = new Set<Feeder>();
  let ways: (readonly Feed[])[] = [[]];
  while (ways.length > 0) {
    const longer = ways.flatMap((way) => {
      const at = way.at(-1)?.to ?? start;
      return feeds.filter(({ from, to }) => from === at && !seen.has(to)).map((next) => [...way, next]);
    });
    const round = longer.find((way) => way.at(-1)?.to === start);
    if (round) return round;
    for (const way of longer) seen.add(way.at(-1)?.to ?? start);
    ways = longer;
  }
  return undefined;
}

/** Describes that too many reactions in a row have led to this event; undefined when it may be answered. */
export function hopsProblem({ loops }: Pick<Feeder, "loops">, event: RecordedEvent): string | undefined {
  const most = typeof loops === "object" ? loops.hops : REACTION_HOPS;
  const hops = hopsOf(event);
  if (hops < most) return undefined;
  return `after ${hops} reactions in a row, of which at most ${most} may follow one another: does it feed itself?`;
}
