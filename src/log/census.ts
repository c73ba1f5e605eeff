/**
 * What the cron's sweep has read of consumers in D1, against what the log has for them: who is behind, and who has only been passed by
 * events that do not concern it.
 */

import { PASSED_EVENTS } from "../core/limits.ts";
import type { Census, SweepAnswer } from "../store/log-protocol.ts";
import type { Audience } from "./audience.ts";
import type { Notifier } from "./notifier.ts";
import { matches } from "./filter.ts";
import type { LogTable } from "./log-table.ts";

/** What the log has at hand. */
interface Log {
  readonly notifier: Notifier;
  readonly audience: Audience;
  readonly table: LogTable;
  /** Whether its alarm has ended: then everybody had all that concerns it. */
  readonly hasEnded: boolean;
}

/**
 * Wakes those who are behind, and goes on waking them.
 *
 * Of webhooks D1 says nothing, and what they have said themselves is forgotten with every eviction. But the alarm ends only when
 * everybody has what concerns it: while none is set they are taken to have it, and are woken only by a thorough look, to be sure. That
 * does not count them as behind: else a store that has webhooks would never be at rest.
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
  // What is in an earlier segment is not looked for.
  const from = Math.max(table.first - 1, head - PASSED_EVENTS + 1);
  const near = standings.filter(({ position, resting }) => !resting && position >= from && position < head);
  const kinds = table.kindsAfter(Math.min(...near.map(({ position }) => position)));
  const resting = new Set<string>();
  const passed: string[] = [];
  for (const standing of standings) {
    const { consumer, position } = standing;
    if (standing.resting) resting.add(consumer);
    else if (!near.includes(standing)) notifier.knows(consumer, position, head);
    else {
      // By the sweep's code and by this one: whichever is newer, no event is passed that it wants.
      const concerns = kinds.filter((kind) => matches(standing, kind) || audience.of(kind).includes(consumer));
      const last = Math.max(position, ...concerns.map((kind) => kind.position));
      notifier.knows(consumer, last > position ? position : head, last);
      if (last === position) passed.push(consumer);
    }
  }
  const unheard = (consumer: string) => keepsOwnPlace(consumer) && !notifier.hasHeardFrom(consumer);
  const behind = notifier.behind().filter((consumer) => !resting.has(consumer) && !(hasEnded && unheard(consumer)));
  const others = thorough ? audience.names().filter((consumer) => unheard(consumer) && !behind.includes(consumer)) : [];
  for (const consumer of others) notifier.doubt(consumer);
  await notifier.wake([...behind, ...others]);
  return { behind: behind.length, passed, head };
}
