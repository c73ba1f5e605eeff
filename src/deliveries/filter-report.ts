/** Registers with the log which events the deliveries handle, unless the log knows: the log wakes them only for those. */

import type { LogRpc } from "../store/log-protocol.ts";
import { filterOf } from "./interest.ts";
import type { DeliverySettings } from "./transport.ts";

/** The key of the filter that the log last got. */
const SENT = "told-filter";

interface Reported {
  /** The consumer's name, as the log knows it. */
  readonly id: string;
  readonly kv: SyncKvStorage;
  readonly log: Pick<LogRpc, "subscribe">;
  /** Undefined: there are no deliveries (any more). */
  readonly settings: () => DeliverySettings | undefined;
  readonly onFailure: (error: unknown) => void;
}

export class FilterReport {
  readonly #about: Reported;
  /** The filter that the log last got, as JSON; and the call that sends it. */
  #sent: string | undefined;
  #sending: Promise<void> | undefined;

  constructor(about: Reported) {
    this.#about = about;
  }

  /** The storage is empty. */
  forget(): void {
    this.#sent = undefined;
  }

  /** Never throws: until this succeeds, the log goes by what it knows, and the next wake-up or alarm tries again. */
  async send(): Promise<void> {
    await (this.#sending ??= this.#sendLatest()
      .catch(this.#about.onFailure)
      .finally(() => (this.#sending = undefined)));
  }

  async #sendLatest(): Promise<void> {
    const { id, kv, log, settings } = this.#about;
    for (;;) {
      const now = settings();
      const filter = now && filterOf(now);
      const text = JSON.stringify(filter);
      if (!filter || text === (this.#sent ??= kv.get<string>(SENT))) return;
      // The log ignores this for a webhook in code: it has the code.
      await log.subscribe(id, filter);
      if (!settings()) return; // removed since
      kv.put(SENT, (this.#sent = text));
    }
  }
}
