/**
 * Compares what the cron's sweep has read about consumers in D1 with what the log has for them: which are behind, and which have only been
 * passed by events that do not concern them.
 */

import { PASSED_EVENTS } from "../core/limits.ts";
import type { Census, SweepAnswer } from "../store/log-consumers.ts";
import type { Audience } from "./audience.ts";
import type { Notifier } from "./notifier.ts";
import { matches } from "./filter.ts";
import type { LogTable } from "./log-table.ts";

/** The parts of the log that the comparison needs. */
interface Log {
  readonly notifier: Notifier;
  readonly audience: Audience;
  readonly table: LogTable;
  /** Whether its alarm has ended: then every consumer has had all events that concern it. */
  readonly hasEnded: boolean;
}

/**
 * Wakes the consumers that are behind, and keeps waking them.
 *
 * D1 knows nothing about webhooks, and the log forgets their own reports with every eviction. But the alarm ends only when every consumer
 * has what concerns it. So while no alarm is set, webhooks are assumed to have everything, and only a thorough sweep wakes them, to be
 * sure. They do not count as behind: otherwise a store with webhooks would never be at rest.
 *
 * @param keepsOwnPlace whether a consumer's position is not in D1
 */
export async function takeCensus(
  log: Log,
  { standings, thorough }: Census,
  keepsOwnPlace: (consumer: string) => boolean,
): Promise<SweepAnswer> {
  const { notifier, audience, table, hasEnded } = log;
  await notifier.load();
  const { head } = table;
  // Earlier segments are not searched.
  const from = Math.max(table.first - 1, head - PASSED_EVENTS + 1);
  const near = standings.filter(({ position, resting }) => !resting && position >= from && position < head);
  const kinds = table.kindsAfter(Math.min(...near.map(({ position }) => position)));
  const resting = new Set<string>();
  const passed: string[] = [];
  for (const standing of standings) {
    const { consumer, position } = standing;
    if (standing.resting) resting.add(consumer);
    else if (!near.includes(standing)) notifier.known.knows(consumer, position, head);
    else {
      // By the sweep's code and by this one: whichever is newer, a consumer does not pass an event that it wants.
      const concerns = kinds.filter((kind) => matches(standing, kind) || audience.of(kind).includes(consumer));
      const last = Math.max(position, ...concerns.map((kind) => kind.position));
      notifier.known.knows(consumer, last > position ? position : head, last);
      if (last === position) passed.push(consumer);
    }
  }
  const unheard = (consumer: string) => keepsOwnPlace(consumer) && !notifier.known.hasHeardFrom(consumer);
  const behind = notifier.known.behind().filter((consumer) => !resting.has(consumer) && !(hasEnded && unheard(consumer)));
  const others = thorough ? audience.names().filter((consumer) => unheard(consumer) && !behind.includes(consumer)) : [];
  for (const consumer of others) notifier.known.doubt(consumer);
  await notifier.wake([...behind, ...others]);
  return { behind: behind.length, passed, head };
}
