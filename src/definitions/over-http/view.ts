/** A view that is declared over HTTP: its definition, and the view that it becomes. Pure. */

import * as z from "zod";
import type { Issue } from "../../core/issue.ts";
import type { View } from "../views/view.ts";
import type { Surroundings } from "./surroundings.ts";

/** A definition, as clients send it. */
export const ViewDefinitionIn = z.strictObject({ from: z.string() });

/** A definition as it is kept. */
export interface ViewDefinition {
  readonly from: string;
}

/** The definition that a request's body declares, or what is wrong with its form. */
export function parseView(_name: string, body: unknown): ViewDefinition | { readonly issues: readonly Issue[] } {
  const parsed = ViewDefinitionIn.safeParse(body);
  if (parsed.success) return parsed.data;
  return { issues: parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message })) };
}

export function namesIn({ from }: ViewDefinition): { readonly categories: readonly string[] } {
  return { categories: [from] };
}

export function checkView(_name: string, _definition: ViewDefinition, _around: Surroundings): Issue[] {
  return [];
}

/** The view, compiled. Never throws for a definition that was kept. */
export function viewFrom(
  name: string,
  { from }: ViewDefinition,
  around: Surroundings,
  { incarnation }: { readonly incarnation: number; readonly at: number },
): View {
  return {
    kind: "view",
    name,
    row: z.object({ id: z.string() }),
    key: "id",
    indexes: [],
    sources: [around.categories.get(from)?.source ?? { name: from, events: {} }],
    handlers: new Map(),
    otherwise: { at: ({ stream }) => [stream.slice(stream.indexOf("/") + 1)], fold: (_row, _event, id) => ({ id }), code: [] },
    queries: new Map(),
    revision: `${incarnation} ${from}`,
    ownRows: true,
  };
}
