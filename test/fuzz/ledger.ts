/** What a store may hold after a series of requests: what was answered with success, and nothing else. */

import type { RecordedEvent } from "../../src/core/event.ts";
import type { FuzzRequest } from "./requests.ts";
import type { Answer } from "./wire.ts";

/** Reads a path of the store with all rights. */
export type Read = <Body>(path: string) => Promise<Body>;

export class Ledger {
  /** `stream@version` of the events that were acknowledged. */
  readonly #events = new Set<string>();
  /** Streams whose commands were accepted and carried out later. */
  readonly #accepted = new Set<string>();
  readonly #categories = new Set<string>();
  readonly #webhooks = new Set<string>();
  #imported = 0;

  /** Notes what the answer acknowledges. */
  note({ method }: FuzzRequest, { status, headers, text }: Answer): void {
    const said = bodyOf(text);
    // An import that ends at a bad line says how far it came.
    if (typeof said.imported === "number") this.#imported += said.imported;
    if (status >= 300) return;
    if (typeof said.stream === "string") {
      // A saga, too, is carried out after its answer.
      if (status === 202 || "saga" in said) this.#accepted.add(said.stream);
      for (const { version } of Array.isArray(said.events) ? (said.events as { version: number }[]) : []) {
        this.#events.add(`${said.stream}@${version}`);
      }
    }
    if (method === "PUT" && typeof said.name === "string") this.#categories.add(said.name);
    if (status === 201 && String(headers.location).includes("/webhooks/")) this.#webhooks.add(String(said.id));
  }

  /** What the store holds although no client got an acknowledgement for it. */
  async surplus(read: Read): Promise<string[]> {
    const found: string[] = [];
    let unexplained = 0;
    let head = 0;
    for (let after = 0; ;) {
      const page = await read<{ events: RecordedEvent[]; next: number; head: number }>(`/log?limit=1000&after=${after}`);
      for (const event of page.events) {
        if (this.#explains(event)) continue;
        unexplained += 1;
        if (unexplained > this.#imported) found.push(`${event.stream}@${event.version} ${event.type}`);
      }
      head = page.head;
      if (page.next >= head) break;
      after = page.next;
    }
    const { categories } = await read<{ categories: { name: string; origin: string }[] }>("/streams");
    for (const { name, origin } of categories) if (origin === "api" && !this.#categories.has(name)) found.push(`category ${name}`);
    const { webhooks } = await read<{ webhooks: { id: string; origin?: string }[] }>("/webhooks");
    for (const { id, origin } of webhooks) if (origin !== "code" && !this.#webhooks.has(id)) found.push(`webhook ${id}`);
    const { consumers } = await read<{ consumers: { name: string; position: number }[] }>("/consumers");
    // The head is read again: processors may have caused events since.
    const now = await read<{ head: number }>("/log/head");
    for (const { name, position } of consumers) if (position > now.head) found.push(`consumer ${name} at ${position} of ${now.head}`);
    return found;
  }

  /** Processors and timers write too, after what was acknowledged: their events name what made them. */
  #explains({ stream, version, meta }: RecordedEvent): boolean {
    return this.#events.has(`${stream}@${version}`) || this.#accepted.has(stream) || "$hops" in meta || "$timer" in meta;
  }
}

function bodyOf(text: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
