/** How far a source is, for operators. */

import { isoTime } from "../core/iso-time.ts";
import type { Source } from "../definitions/sources/source.ts";
import type { SourceProgress, SourceStatus } from "../store/source-protocol.ts";
import type { SourceLedger } from "./ledger.ts";

export function progressOf({ name, outside }: Source, ledger: SourceLedger): SourceProgress {
  const { position, changes, appended, ended, progressAt } = ledger.place;
  const { trouble, warning, skipped } = ledger;
  const isBrought = outside.kind.isBrought === true;
  const waiting = isBrought ? ledger.waiting : 0;
  const status = statusOf(ledger, isBrought, waiting);
  return {
    name,
    status,
    ...(position === undefined ? {} : { position }),
    lag: lagOf(ledger, waiting),
    changes,
    appended,
    ended,
    attempts: trouble?.attempts ?? 0,
    ...(trouble ? { lastError: trouble.error } : {}),
    ...(trouble?.nextAt === undefined ? {} : { nextAttemptAt: isoTime(trouble.nextAt) }),
    ...(progressAt === undefined ? {} : { lastProgressAt: isoTime(progressAt) }),
    ...(warning === undefined ? {} : { warning }),
    ...(isBrought ? { waiting } : {}),
    ...(skipped.length === 0 ? {} : { skipped }),
  };
}

function statusOf({ isPaused, trouble, isAtEnd }: SourceLedger, isBrought: boolean, waiting: number): SourceStatus {
  if (isPaused) return "paused";
  if (trouble) return trouble.nextAt === undefined ? "failed" : "retrying";
  if (isBrought) return waiting === 0 ? "live" : "catching-up";
  return isAtEnd ? "live" : "catching-up";
}

/** What is left to read grows older while nothing is read. */
function lagOf(ledger: SourceLedger, waiting: number): SourceProgress["lag"] {
  const { lag, lagAt, isAtEnd, trouble, isPaused } = ledger;
  if (waiting > 0) {
    const [first] = ledger.waitingMessages(1);
    return { entries: waiting, ...(first ? { seconds: Math.max(0, Date.now() - first.timestamp) / 1_000 } : {}) };
  }
  if (!lag || lagAt === undefined) return {};
  const { seconds } = lag;
  const isWaiting = trouble !== undefined || isPaused || !isAtEnd;
  return { ...lag, ...(seconds === undefined || !isWaiting || seconds === 0 ? {} : { seconds: seconds + (Date.now() - lagAt) / 1_000 }) };
}
