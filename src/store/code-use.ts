/** Reports the code's categories to a store's catalog: once for each store in an isolate, after the first write. */

import type { Store } from "./store.ts";
import * as z from "zod";
import type { App } from "../definitions/app.ts";
import type { DataSchema } from "../core/event.ts";
import { makeRoom } from "../core/make-room.ts";
import { logger } from "../telemetry/logger.ts";
import { DefinitionsInCode } from "../definitions/in-code.ts";
import { schemaVersionOf } from "../definitions/upcast.ts";
import type { CodeSchema } from "./catalog-protocol.ts";

/** Stores and categories that an isolate remembers to have reported. Ours: some megabytes at most; beyond it they are reported again. */
const REMEMBERED_USES = 10_000;

/** The schemas with which the code writes new events of a category. They describe what is stored. */
export function codeSchemasOf(events: Readonly<Record<string, DataSchema>>): CodeSchema[] {
  return Object.entries(events).map(([eventType, schema]) => ({
    eventType,
    version: schemaVersionOf(schema),
    schema: JSON.stringify(z.toJSONSchema(schema, { unrepresentable: "any" })),
  }));
}

/** Reports to the catalogs of stores what the code has in them. One for each app in an isolate. */
export class CodeUse {
  readonly #inCode: DefinitionsInCode;
  readonly #said = new Set<string>();

  constructor(app: App) {
    this.#inCode = new DefinitionsInCode(app);
  }

  /** Only looks into a set, except the first time. Nothing waits for it: if it fails, the next write reports again. */
  note(store: Store, category: string): void {
    const key = `${store.name}/${category}`;
    if (this.#said.has(key)) return;
    const declared = this.#inCode.category(category);
    if (!declared) return;
    makeRoom(this.#said, REMEMBERED_USES);
    this.#said.add(key);
    void this.#say(store, category, declared.kind, declared.events as Record<string, DataSchema>).catch((error: unknown) => {
      this.#said.delete(key);
      logger.warn({ message: "the store's catalog could not be notified of what the code declares", store: store.name, category }, error);
    });
  }

  async #say(store: Store, category: string, kind: string, events: Record<string, DataSchema>): Promise<void> {
    await store.catalog.useCode(category, kind, codeSchemasOf(events));
  }
}
