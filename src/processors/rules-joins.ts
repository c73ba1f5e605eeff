/** What joins find in one batch: rows of the processor's copies, and the latest data of streams. Loaded together, as they are needed. */

import type { Budget } from "../core/budget.ts";
import { PORTION_CALLS } from "../core/limits.ts";
import { messageOf } from "../core/mistake.ts";
import { streamIdProblem } from "../core/names.ts";
import type { Found, Lookup } from "../definitions/processors/rules-run.ts";
import { StepMistake } from "../definitions/processors/rules-values.ts";
import type { View } from "../definitions/views/view.ts";
import type { Store } from "../store/store.ts";
import { JOINED_STREAMS_AT_ONCE } from "./limits.ts";
import type { Copy } from "./rules-copy.ts";
import { type LatestData, latestAt } from "./rules-streams.ts";

/** A lookup, as of a position. */
export interface Asked extends Lookup {
  readonly position: number;
}

export class Joins {
  readonly #store: Store;
  readonly #copies: ReadonlyMap<View, Copy>;
  readonly #budget: Budget | undefined;
  readonly #streams = new Map<string, LatestData>();

  constructor(store: Store, copies: ReadonlyMap<View, Copy>) {
    this.#store = store;
    this.#copies = copies;
    this.#budget = store.budget;
  }

  /**
   * The answer, if it is loaded. Undefined: it is not.
   *
   * @throws {StepMistake} when what is there cannot be read
   */
  answer({ join, key, position }: Asked): { readonly found: Found } | undefined {
    const { from, path } = join;
    if ("view" in from) {
      const row = this.#copies.get(from.view)?.rowAt(key.toWellFormed(), position);
      return row === undefined ? undefined : { found: row ?? undefined };
    }
    if (!("category" in from)) return { found: undefined };
    if (streamIdProblem(key) !== undefined) return { found: undefined }; // no stream has this id
    const name = streamKey(from.category, key, position);
    if (!this.#streams.has(name)) return undefined;
    const found = this.#streams.get(name);
    if (found instanceof Error) throw new StepMistake(`${path}.join`, messageOf(found));
    return { found };
  }

  /** Whether these can be loaded together, and one more. */
  hasRoom(asked: readonly Asked[], one: Asked): boolean {
    const { from } = one.join;
    if ("view" in from) {
      const copy = this.#copies.get(from.view);
      const keys = new Set(asked.flatMap(({ join, key }) => ("view" in join.from && join.from.view === from.view ? [key] : [])));
      return copy === undefined || keys.size < copy.room;
    }
    const calls = asked.filter(({ join }) => "category" in join.from).length;
    return this.#budget?.fits(calls + 1 + PORTION_CALLS) ?? true;
  }

  async load(asked: readonly Asked[]): Promise<void> {
    const keys = new Map<Copy, Set<string>>();
    const streams = new Map<string, { category: string; id: string; position: number }>();
    for (const { join, key, position } of asked) {
      const { from } = join;
      const copy = "view" in from ? this.#copies.get(from.view) : undefined;
      if (copy) keys.set(copy, (keys.get(copy) ?? new Set()).add(key.toWellFormed()));
      if ("category" in from) streams.set(streamKey(from.category, key, position), { category: from.category, id: key, position });
    }
    for (const [copy, some] of keys) await copy.load([...some]);
    const waiting = [...streams];
    const read = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [name, { category, id, position }] = next;
        this.#streams.set(name, await latestAt(this.#store.stream(category, id), position));
      }
    };
    await Promise.all(Array.from({ length: JOINED_STREAMS_AT_ONCE }, read));
  }
}

function streamKey(category: string, id: string, position: number): string {
  return `${position} ${category}/${id}`;
}
