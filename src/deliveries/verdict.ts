/** What failed deliveries lead to: a line in the logs when no further event fits in, and an end when it is no use to continue. */

import type { Disabled } from "../store/webhook-protocol.ts";
import type { Outcome } from "../store/delivery-protocol.ts";
import { logger } from "../telemetry/logger.ts";
import type { Ledger } from "./ledger.ts";
import { WEBHOOK_FAILING_STREAMS } from "./limits.ts";

/** Whose deliveries, in the lines. */
interface About {
  readonly store: string;
  readonly consumer: string;
}

export class Verdict {
  readonly #about: About;
  /** Whether a line in the logs has said that it is full. */
  #hasWarned = false;

  constructor(about: About) {
    this.#about = about;
  }

  /** Why the deliveries are to be switched off after this outcome; undefined: they continue. */
  after({ delivered, isGone }: Outcome, ledger: Ledger): Disabled["reason"] | undefined {
    if (delivered) return undefined;
    this.#warnWhenFull(ledger);
    if (isGone) return "gone";
    return ledger.statistics.health.isBeyondHope(Date.now()) ? "failing" : undefined;
  }

  /** Once, not each time that one of the streams has ended and another takes its place. */
  #warnWhenFull({ waits }: Ledger): void {
    if (waits.isFull && !this.#hasWarned) {
      const message = "a webhook accepts no further event: too many of its streams wait for one that failed";
      logger.error({ message, ...this.#about, count: waits.streams });
    }
    this.#hasWarned = waits.isFull || (this.#hasWarned && waits.streams > WEBHOOK_FAILING_STREAMS / 2);
  }
}
