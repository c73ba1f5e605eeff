/** Categories declared over HTTP that an isolate keeps ready, with their schemas compiled: the most recently used, up to a limit. */

import { READY_CATEGORIES, READY_CHARACTERS } from "./limits.ts";
import type { PlainCategory } from "./plain-category.ts";

/** Not trusted: the catalog is asked every time whether this is still the revision. */
interface Ready {
  readonly revision: number;
  /** The length of its definition. */
  readonly characters: number;
  readonly category: PlainCategory;
}

export class ReadyCategories {
  /** In the order of use. */
  readonly #ready = new Map<string, Ready>();

  get(store: string, name: string): Ready | undefined {
    return this.#ready.get(`${store}/${name}`);
  }

  keep(store: string, name: string, one: Ready): void {
    const key = `${store}/${name}`;
    this.#ready.delete(key); // so that the map's order is the order of use
    this.#ready.set(key, one);
    let characters = [...this.#ready.values()].reduce((sum, { characters }) => sum + characters, 0);
    for (const [oldest, { characters: freed }] of this.#ready) {
      if (this.#ready.size <= READY_CATEGORIES && characters <= READY_CHARACTERS) return;
      this.#ready.delete(oldest);
      characters -= freed;
    }
  }
}
