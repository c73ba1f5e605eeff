/**
 * What the code of an app declares, in the form in which a running store reports it, and whether a stored event fits it. Bundled with the
 * app (load-app.ts), so that both have the same copy of the package's modules: the lifts of event types are remembered by one of them.
 */

import type { DataSchema, StoredEvent } from "../../core/event.ts";
import type { App } from "../../definitions/app.ts";
import { DefinitionsInCode } from "../../definitions/in-code.ts";
import { reportCategory, reportProcessor, reportRows, reportView } from "../../definitions/report.ts";
import { liftTo, schemaVersionOf } from "../../definitions/upcast.ts";
import { codeSchemasOf } from "../../store/code-use.ts";
import { FORMATS } from "../../store/stored-format.ts";
import { layoutOf } from "../../rows/layout.ts";
import { type Fit, fitOf } from "./fit.ts";
import { type Facts, Folds } from "./folds.ts";

/** A stored event, as the log's readers get it. */
export interface StoredLine extends Facts {
  readonly category: string;
  readonly schemaVersion: number;
  /** Its content is gone. */
  readonly erased: boolean;
  readonly data: object;
}

export interface Inspected extends ReturnType<typeof declared> {
  /**
   * Why the code could not read a stored event; undefined: it can, or does not declare its type. Events of one stream come in their order.
   */
  problemWith(event: StoredLine): EventProblem | undefined;
}

export interface EventProblem {
  readonly kind: "newer" | "upcast" | "misfit" | "evolve";
  /** The first member that does not fit; empty: the data as a whole. */
  readonly path: string;
  /** A sentence's end about it; never the value. */
  readonly what: string;
}

/** @throws what the code throws when it is described */
export function inspect(app: App): Inspected {
  const inCode = new DefinitionsInCode(app);
  const fits = new Map<DataSchema, Fit>();
  const folds = new Folds();
  return {
    ...declared(inCode),
    problemWith(event) {
      const { category, stream, erased } = event;
      const declaring = inCode.category(category);
      if (!declaring) return undefined;
      const schemas = declaring.events as Record<string, DataSchema>;
      const schema = Object.hasOwn(schemas, event.type) ? schemas[event.type] : undefined;
      const looked = schema && !erased ? looking(schema, event) : { data: event.data };
      if ("kind" in looked || erased) folds.stop(stream);
      if ("kind" in looked) return looked;
      const problem = declaring.kind === "aggregate" ? folds.next(declaring, event, looked.data) : undefined;
      return problem === undefined ? undefined : { kind: "evolve", path: "", what: problem };
    },
  };

  /** The data as the code has it, or why it cannot have it. */
  function looking(schema: DataSchema, { type, version, schemaVersion, data }: StoredLine): EventProblem | { readonly data: unknown } {
    const known = schemaVersionOf(schema);
    if (schemaVersion > known) return { kind: "newer", path: "", what: `has schemaVersion ${schemaVersion}, and this code knows ${known}` };
    const stored = { version, id: "", type, schemaVersion, data: JSON.stringify(data), meta: "{}", time: null, recordedAt: 0 };
    const lifted: StoredEvent = liftTo<StoredEvent>(schema, stored);
    if (lifted.unlifted !== undefined) return { kind: "upcast", path: "", what: lifted.unlifted };
    const fit = fits.get(schema) ?? fitOf(schema);
    fits.set(schema, fit);
    const now = JSON.parse(lifted.data) as object;
    const misfit = fit(now, lifted.data);
    return misfit ? { kind: "misfit", ...misfit } : { data: now };
  }
}

function declared(inCode: DefinitionsInCode) {
  // Only the worker would notice what cannot be laid out.
  for (const view of inCode.views) layoutOf(view);
  return {
    formats: FORMATS as Readonly<Record<string, number>>,
    categories: inCode.categories.map((one) => ({
      ...reportCategory(one),
      key: one.kind === "plain" ? one.key : undefined,
      schemas: codeSchemasOf(one.events),
    })),
    views: inCode.views.map((view) => ({ ...reportView(view), rows: reportRows(view).row })),
    processors: inCode.processors.map((one) => ({ ...reportProcessor(one), start: one.start })),
    webhooks: inCode.webhooks.map(({ name }) => name),
  };
}
