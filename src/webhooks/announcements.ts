/**
 * Announces what happens to a webhook, as events in the store's own stream `$webhook/{id}`, and so in the log, where every consumer, feed
 * and other webhook can see them. Kept here until the stream has them; their ids are derived, so that a second try stores nothing (promise
 * 5).
 */

import { derivedId } from "../core/ids.ts";
import type { StreamRpc } from "../store/stream-protocol.ts";
import type { Notices } from "../deliveries/transport.ts";
import type { Disabled } from "../store/webhook-protocol.ts";
import { SYSTEM_CATEGORY, WEBHOOK_DISABLED, WEBHOOK_ENABLED } from "../definitions/webhooks/events.ts";

interface Announcement {
  readonly id: string;
  readonly type: typeof WEBHOOK_DISABLED | typeof WEBHOOK_ENABLED;
  readonly data: Readonly<Record<string, string>>;
}

/** The stream of events about a webhook. */
export function streamAbout(webhook: string): string {
  return `${SYSTEM_CATEGORY}/${webhook}`;
}

export class Announcements implements Notices {
  readonly #kv: SyncKvStorage;
  readonly #stream: () => StreamRpc;
  readonly #about: readonly [store: string, webhook: string];
  readonly #url: () => string | undefined;

  /** @param url where the webhook sends now */
  constructor(kv: SyncKvStorage, stream: () => StreamRpc, about: readonly [store: string, webhook: string], url: () => string | undefined) {
    this.#kv = kv;
    this.#stream = stream;
    this.#about = about;
    this.#url = url;
  }

  disabled(reason: Disabled["reason"], at: string): void {
    this.#add(WEBHOOK_DISABLED, at, { reason });
  }

  enabled(at: string): void {
    this.#add(WEBHOOK_ENABLED, at, {});
  }

  /** Appends them, in order. Throws when the stream cannot be reached. */
  async publish(): Promise<void> {
    for (let next = this.#pending()[0]; next; next = this.#pending()[0]) {
      const { id, type, data } = next;
      await this.#stream().append({
        events: [{ id, type, data: JSON.stringify(data), meta: "{}", schemaVersion: 1 }],
        firstStands: true,
        expected: { kind: "any" },
      });
      this.#kv.put(
        "announcements",
        this.#pending().filter((one) => one.id !== id),
      );
    }
  }

  #add(type: Announcement["type"], at: string, data: Announcement["data"]): void {
    const id = derivedId("webhook-announcement", ...this.#about, type, at);
    this.#kv.put("announcements", [
      ...this.#pending(),
      { id, type, data: { webhook: this.#about[1], ...originOf(this.#url()), ...data, at } },
    ]);
  }

  #pending(): readonly Announcement[] {
    return this.#kv.get<readonly Announcement[]>("announcements") ?? [];
  }
}

/** The part of a webhook's URL that every reader of the log may see: paths and queries often carry a secret. */
function originOf(url = ""): { origin?: string } {
  return URL.canParse(url) ? { origin: new URL(url).origin } : {};
}
