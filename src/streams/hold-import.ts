/** A stream's part of an import: stored here, and kept from the log until the importer has brought it there with the parts of other streams. */

import type { StoredEvent } from "../core/event.ts";
import type { HeldImport, ImportPart } from "../store/import-protocol.ts";
import type { Decider } from "./commands.ts";
import { planImport, storeImport } from "./imports.ts";
import type { Journal } from "./journal.ts";
import type { Outbox } from "./outbox.ts";

export interface ImportingStream {
  readonly journal: Journal;
  readonly outbox: Outbox;
  /** Undefined: the code has no rules of it. */
  readonly decider: Decider | undefined;
  /** Gives an event the form in which readers get it. */
  readonly lift: (event: StoredEvent) => StoredEvent;
}

export async function holdImport(
  { journal, outbox, decider, lift }: ImportingStream,
  { events, inLog: told, firstStands = false }: ImportPart,
): Promise<HeldImport> {
  if (told !== undefined) outbox.told(told);
  const before = journal.head;
  const plan = planImport(journal, events, { lift, firstStands });
  const { refused, fresh, versions, recordedAt } = plan;
  storeImport(journal, plan);
  const last = versions.reduce((most, version) => Math.max(most, version), 0);
  outbox.hold(last);
  if (journal.deleted) decider?.state.end();
  // Otherwise the first command would have to fold all of it.
  else await decider?.state.load();
  const { inLog } = outbox;
  const needed = Math.min(before, last);
  const older = inLog < needed ? journal.events.unsequenced(inLog + 1).filter(({ version }) => version <= needed) : [];
  return { stored: fresh.length, versions, before, recordedAt, inLog, older, ...(refused ? { refused } : {}) };
}
