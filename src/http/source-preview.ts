/** `POST /sources/preview`: what a definition would make of changes. Nothing is read outside, and nothing is stored. */

import * as z from "zod";
import type { JsonObject } from "../core/event.ts";
import { messageOf } from "../core/mistake.ts";
import { NAME } from "../core/names.ts";
import { sourceFrom } from "../definitions/over-http/source.ts";
import { StepMistake } from "../definitions/processors/rules-values.ts";
import type { Source } from "../definitions/sources/source.ts";
import { undeclaredSource } from "../operations/check-definition.ts";
import { eventsOf } from "../sources/change-events.ts";
import type { PlainCategory } from "../store/plain-category.ts";
import { jsonBody } from "./body.ts";
import { problemOfPreview } from "./definitions.ts";
import { DEFINITION_BYTES, PREVIEW_CHANGES } from "./limits.ts";
import { type HttpContext, checked, storeOf } from "./request.ts";
import { plainCategoryOf } from "./resolve-category.ts";

export const SourcePreviewIn = z.strictObject({
  /** Only for messages. */
  name: z.string().regex(NAME).default("preview"),
  definition: z.unknown(),
  changes: z
    .array(z.looseObject({}))
    .min(1)
    .max(PREVIEW_CHANGES)
    .describe("Changes as the kind gives them: what `change` is in the definition's expressions."),
});

export async function previewSource(context: HttpContext): Promise<Response> {
  const store = storeOf(context);
  const { value } = await jsonBody(context, DEFINITION_BYTES);
  const { name, definition, changes } = checked(SourcePreviewIn, value, "the preview is not valid");
  const found = await undeclaredSource(store, name, definition);
  if ("outcome" in found) throw problemOfPreview("source", name, found);
  const category = await plainCategoryOf(context, found.definition.to);
  const source = sourceFrom(name, found.definition, store.definitions.inCode.sourceKinds, store.name);
  return context.json({ source: name, previews: changes.map((change) => preview(source, category, change as JsonObject)) });
}

function preview(source: Source, category: PlainCategory, change: JsonObject): object {
  let made: ReturnType<Source["eventOf"]>;
  try {
    made = source.eventOf(change);
  } catch (error) {
    if (error instanceof StepMistake) return { outcome: "failed", error: { path: error.path, message: error.problem, at: error.at } };
    return { outcome: "failed", error: { path: "", message: messageOf(error) } };
  }
  if (made === undefined) return { outcome: "passed", why: "`where` is false: the change is of no concern" };
  const known: Source = { ...source, eventOf: () => made };
  const making = { source: known, category, salt: "", skipped: new Set<string>() };
  const { events, failed } = eventsOf(making, [{ id: "preview", position: "preview", value: change }]);
  const [one] = events;
  if (!one) return { outcome: "failed", error: { path: "", message: failed?.message ?? "" } };
  const { type, data, schemaVersion } = one.event;
  return { outcome: "appended", event: { stream: one.stream, type, data: JSON.parse(data) as object, schemaVersion } };
}
