/** Brings a consumer to the head of the log: reads a page, has it applied, and continues. */

import { CONSUMER_BATCH_BYTES, PORTION_CALLS, PASSED_EVENTS } from "../core/limits.ts";
import { CONSUMER_BATCH_EVENTS } from "./limits.ts";
import { toRecorded } from "../core/event.ts";
import type { LogRpc } from "../store/log-protocol.ts";
import { beginning } from "./beginning.ts";
import { CheckpointMoved, type Hold } from "./checkpoint.ts";
import type { Checkpoint, CheckpointRow } from "./checkpoint-row.ts";
import { fail } from "./failure.ts";
import { consequenceOf } from "../core/platform-errors.ts";
import { isMissingTable } from "./schema.ts";
import { causeInLine } from "../telemetry/trace.ts";
import { span } from "../telemetry/span.ts";
import { liftFor, problemFor, tooNewFor } from "../definitions/upcast.ts";
import type { Applied, Batch, Consumer, Progress } from "./consumer.ts";

/** Calls and statements that another page takes: to read it, to process its first portion, to commit it. */
const PAGE_CALLS = PORTION_CALLS + 4;

export interface CatchUp {
  /** The position at which it may stop. */
  readonly until?: number;
  /**
   * The hold to take when there is more than a page: it keeps other workers away until the caller lets go of it, or dies. A worker that only
   * helps out may `ignore` that another keeps it away. Without it, the worker stays away.
   */
  readonly hold?: Hold | "ignore";
  /** Its checkpoint, if that has just been read together with something else; null: it has none. */
  readonly seen?: CheckpointRow | null;
  /** Move its checkpoint to where it came, however little that saves: another checkpoint is compared with it. */
  readonly exact?: boolean;
}

/**
 * Brings a consumer to the log's head, or as far as it gets before `until`, the deadline (milliseconds since 1970) or a failure.
 *
 * Events that do not concern it are passed: the position in the result is after them, and the checkpoint moves past them with the next
 * event that concerns the consumer, or when there are so many that reading them again would cost more than the row.
 */
export async function catchUp(consumer: Consumer, log: LogRpc, deadline: number, options: CatchUp = {}): Promise<Progress> {
  const { until = Number.POSITIVE_INFINITY, exact = false, seen } = options;
  const hold = options.hold === "ignore" ? undefined : options.hold;
  const load = (known?: CheckpointRow | null) => consumer.checkpoint.load(() => beginning(consumer, log), known);
  let checkpoint: Pick<Checkpoint, "position" | "status" | "nextAttemptAt" | "attempts"> = await load(seen);
  const since = { position: checkpoint.position, at: Date.now() };
  /** From the checkpoint up to here no event concerns it. */
  let passed = checkpoint.position;
  let limit = CONSUMER_BATCH_EVENTS;
  let healed = false;
  for (;;) {
    const { position, status, nextAttemptAt, attempts } = checkpoint;
    if (status !== "active") return { position, outcome: "resting" };
    const isHeld = attempts === 0 && (options.hold === "ignore" || nextAttemptAt === hold?.until);
    if (nextAttemptAt > Date.now() && !isHeld) return { position, outcome: "backing-off" };

    const { types, categories, followed } = consumer;
    const read = await log.read({ after: passed, limit, bytes: CONSUMER_BATCH_BYTES, types, categories });
    const page = { ...read, events: read.events.map((event) => liftFor(followed, event)) };
    // The consumer stops before an event that the code cannot lift or does not know yet, once everything before it is done.
    const stuck = page.events.find((event) => event.unlifted !== undefined || tooNewFor(followed, event));
    const to = stuck ? stuck.position - 1 : Math.max(page.next ?? passed, passed);
    if (stuck && to === position)
      return await fail(consumer, position, checkpoint.attempts, {
        event: toRecorded(stuck),
        error: problemFor(followed, stuck),
      });
    // An erased event has no content: there is nothing in it to fold or to answer.
    const events = page.events.filter((event) => !event.erased && event.position <= to);
    const isNothing = events.length === 0 && !stuck;
    try {
      if (hold && to < page.head && hold.until === undefined) await consumer.checkpoint.take(hold, position);
      if (!isNothing) {
        const applied = await apply(consumer, { events: events.map(toRecorded), from: position, to, since, hold });
        if (applied.failure)
          return await fail(consumer, applied.position, applied.position === position ? checkpoint.attempts : 0, applied.failure);
        checkpoint = { position: applied.position, status: "active", attempts: 0, nextAttemptAt: 0 };
        passed = applied.position;
        // A batch that was too much is not tried again at once.
        limit = Math.min(2 * limit, CONSUMER_BATCH_EVENTS);
      }
      const isStill = isNothing && to === passed;
      if (isNothing) passed = to;
      const isAtHead = isStill || passed >= page.head;
      const isSpent = Date.now() >= deadline || consumer.budget?.fits(PAGE_CALLS) === false;
      if (isAtHead || passed >= until || isSpent) {
        const saved = passed - checkpoint.position;
        if (saved >= PASSED_EVENTS || (exact && saved > 0))
          await consumer.checkpoint.commit(checkpoint.position, passed, [], { events: [], since, hold });
        return { position: passed, outcome: isAtHead ? "caught-up" : "behind" };
      }
    } catch (error) {
      const event = events[0];
      if (error instanceof CheckpointMoved) checkpoint = await load();
      else if (!healed && isMissingTable(error)) {
        healed = true;
        checkpoint = await load();
      } else if (!event) throw error;
      // The commit itself failed. One of the events is at fault, or there are too many: try half of them, until one is alone.
      else if (page.events.length > 1 && consequenceOf(error) !== "passes") limit = Math.floor(page.events.length / 2);
      else return await fail(consumer, position, checkpoint.attempts, { event: toRecorded(event), error });
      passed = checkpoint.position;
    }
  }
}

/** Within the span of the batch, if it has one. */
function apply(consumer: Consumer, batch: Batch): Promise<Applied> {
  const { store, name, batchSpan } = consumer;
  if (batchSpan === undefined) return consumer.apply(batch);
  const { events } = batch;
  const [first] = events;
  const about = () => ({
    store: store.name,
    consumer: name,
    events: events.length,
    ...(events.length === 1 && first ? causeInLine(first) : {}),
  });
  return span(batchSpan, about, async (note) => {
    const applied = await consumer.apply(batch);
    note({ position: applied.position });
    return applied;
  });
}
