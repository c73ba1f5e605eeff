/** Answers with definitions and what they name, so that a caller needs one call to compile them. */

import type { DefinitionEntry, DefinitionsAnswer, NamedCategory } from "../store/catalog-protocol.ts";
import type { DefinitionTable, KeptDefinition } from "./definition-table.ts";

/** A category as the catalog has it. `version`: another one when its definition has changed. */
export interface CategoryState {
  readonly version: string;
  readonly named: NamedCategory;
}

export class DefinitionAnswers {
  readonly #table: DefinitionTable;
  readonly #category: (name: string) => CategoryState | undefined;

  constructor(table: DefinitionTable, category: (name: string) => CategoryState | undefined) {
    this.#table = table;
    this.#category = category;
  }

  /** @param known the stamps that the caller has, by name */
  answer(asked: readonly KeptDefinition[], known: Readonly<Record<string, string>>): DefinitionsAnswer {
    const definitions = asked.map((one) => this.#entry(one, Object.hasOwn(known, one.name) ? known[one.name] : undefined));
    const news = asked.filter((_, index) => definitions[index]?.definition !== undefined);
    const names = news.flatMap(({ categories, joined }) => [...categories, ...joined]);
    return { definitions, ...this.named(names, names) };
  }

  /** What these names are: categories, and views with what they name. */
  named(categories: readonly string[], joined: readonly string[]): Omit<DefinitionsAnswer, "definitions"> {
    const views = this.#views(joined);
    const names = new Set([...categories, ...joined, ...views.flatMap((view) => view.categories)]);
    return {
      asOf: this.#table.asOf,
      joined: views.map((view) => this.#entry(view)),
      categories: [...names].flatMap((name) => this.#category(name)?.named ?? []),
    };
  }

  #views(names: readonly string[]): KeptDefinition[] {
    const found = [...new Set(names)].map((name) => this.#table.all().get(name));
    return found.filter((one) => one !== undefined).filter(({ kind }) => kind === "view");
  }

  #entry(kept: KeptDefinition, known?: string): DefinitionEntry {
    const { kind, name, revision, incarnation, definition, declaredAt, changedAt, startsAfter } = kept;
    const stamp = this.#stampOf(kept);
    return {
      kind,
      name,
      revision,
      incarnation,
      declaredAt,
      changedAt,
      stamp,
      ...(startsAfter === null ? {} : { startsAfter }),
      ...(stamp === known ? {} : { definition }),
    };
  }

  /** Names the kind: a name may come back as another one, at the same revision. */
  #stampOf({ kind, revision, categories, joined }: KeptDefinition): string {
    const names = [...new Set([...categories, ...joined])];
    const parts = names.map((name) => this.#category(name)?.version ?? "-");
    const views = this.#views(joined).map((view) => `${view.name}:${this.#stampOf(view)}`);
    return [kind, revision, ...parts, ...views].join(" ");
  }
}
