/** Views, processors and sources of stores that an isolate keeps ready, compiled: the most recently used, up to a limit. */

import type { App } from "../definitions/app.ts";
import type { Processor } from "../definitions/processors/processor.ts";
import type { Source } from "../definitions/sources/source.ts";
import type { View } from "../definitions/views/view.ts";
import type { DefinitionEntry } from "./catalog-protocol.ts";
import { READY_CHARACTERS, READY_DEFINITIONS } from "./limits.ts";

/** One that was declared over HTTP. */
export interface DeclaredDefinition extends Omit<DefinitionEntry, "definition"> {
  /** JSON text. */
  readonly definition: string;
  /** What it is compiled to. All absent: this code cannot compile it. */
  readonly view?: View;
  readonly processor?: Processor;
  readonly source?: Source;
  /** Categories that it names and that have been retired since. */
  readonly retired?: readonly string[];
}

/** Not trusted: the catalog is asked every time whether this is still the stamp. */
export class ReadyDefinitions {
  /** In the order of use. By store and name. */
  readonly #ready = new Map<string, DeclaredDefinition>();

  get(store: string, name: string): DeclaredDefinition | undefined {
    return this.#ready.get(`${store}/${name}`);
  }

  /** Those of a store, by name. */
  of(store: string): ReadonlyMap<string, DeclaredDefinition> {
    const own = [...this.#ready].filter(([key]) => key.startsWith(`${store}/`));
    return new Map(own.map(([, one]) => [one.name, one]));
  }

  keep(store: string, one: DeclaredDefinition): void {
    const key = `${store}/${one.name}`;
    this.#ready.delete(key); // so that the map's order is the order of use
    this.#ready.set(key, one);
    let characters = [...this.#ready.values()].reduce((sum, { definition }) => sum + definition.length, 0);
    for (const [oldest, { definition }] of this.#ready) {
      if (this.#ready.size <= READY_DEFINITIONS && characters <= READY_CHARACTERS) return;
      this.#ready.delete(oldest);
      characters -= definition.length;
    }
  }
}

const ready = new WeakMap<App, ReadyDefinitions>();

/** Those of an app: what they are compiled to depends on its categories and views. */
export function readyDefinitionsOf(app: App): ReadyDefinitions {
  const own = ready.get(app) ?? new ReadyDefinitions();
  ready.set(app, own);
  return own;
}
