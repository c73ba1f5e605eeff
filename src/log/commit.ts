/** Commits a group of calls to the log: all of it is durable together, or none of it. */

import { type StoredEvent, erases } from "../core/event.ts";
import type { SequencePart, Sequenced, SequencedTogether } from "../store/log-protocol.ts";
import type { Moved } from "../store/segment.ts";
import { span } from "../telemetry/span.ts";
import type { Notifier, Placed } from "./notifier.ts";
import type { Erasures } from "./erasures.ts";
import type { StartPositions } from "./start-positions.ts";
import type { SegmentState } from "./segment-state.ts";
import { takeTogether } from "./together.ts";

/** The content of one call: a stream's events, or a piece of an import. */
export interface Call {
  readonly parts: readonly Pick<SequencePart, "stream" | "events">[];
  /** All or none of these. */
  readonly together?: readonly SequencePart[];
  /** An operator wants the log to go on in its next segment. */
  readonly seals?: true;
}

export type Answer = Sequenced | SequencedTogether | Moved;

/** The parts of a log's object that a commit changes. */
interface Parts {
  readonly storage: DurableObjectStorage;
  readonly place: SegmentState;
  readonly notifier: Notifier;
  readonly origins: StartPositions;
  readonly erasures: Erasures;
  /** Bytes at which a segment is full. */
  readonly fullAt: () => number;
}

interface Committed {
  readonly answers: Answer[];
  /** The log has more events than before. */
  readonly grew: boolean;
  /** The segment was sealed: the log continues in the next one. */
  readonly isFull: boolean;
}

/** All of the group is durable when this returns. */
export function commit(parts: Parts, group: readonly Call[]): Promise<Committed> {
  const about = () => ({
    store: parts.place.store,
    count: group.length,
    events: group.reduce((sum, call) => sum + call.parts.reduce((some, { events }) => some + events.length, 0), 0),
  });
  return span("commit", about, () => commitHere(parts, group));
}

async function commitHere({ storage, place, notifier, origins, erasures, fullAt }: Parts, group: readonly Call[]): Promise<Committed> {
  const { table, earlier } = await place.begun();
  if (place.sealed) return { answers: group.map(() => ({ movedTo: place.number + 1 })), grew: false, isFull: false };
  const streams = group.flatMap(({ parts }) => parts.map(({ stream }) => stream));
  await earlier.teach(table, streams);
  await notifier.load();
  const before = table.head;
  let isFull = false;
  const answers = storage.transactionSync(() => {
    origins.note(before);
    const added: Placed[] = [];
    const accept = (stream: string, events: readonly StoredEvent[]): Sequenced => {
      const answer = table.accept(stream, events);
      const erasing = place.number > 1 && answer.first ? events.find((event) => erases(event)) : undefined;
      if (erasing) erasures.add(stream, erasing.version);
      added.push(...placed(stream, events, answer));
      return answer;
    };
    const accepted = group.map(({ parts: [one], together }) =>
      together ? takeTogether(table, together, accept) : accept(one?.stream ?? "", one?.events ?? []),
    );
    table.flush();
    const isToEnd = storage.sql.databaseSize >= fullAt() || group.some(({ seals }) => seals);
    isFull = isToEnd && table.head >= table.first;
    if (isFull) place.seal();
    notifier.note(added);
    // The next segment must be started, and the earlier ones must erase.
    if (isFull || erasures.pending.size > 0) notifier.arm();
    return accepted;
  });
  if (isFull) place.sealedNow();
  await storage.sync();
  return { answers, grew: table.head > before, isFull };
}

/** The added events, with their positions. */
function placed(stream: string, events: readonly StoredEvent[], { first }: Sequenced): Placed[] {
  if (!first) return [];
  const added = events.filter(({ version }) => version >= first.version);
  return added.map(({ version, type }) => ({ stream, type, position: first.position + version - first.version }));
}
