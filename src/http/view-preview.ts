/** `POST /views/preview`: the rows that a definition makes of some events, or of the latest of the log. Nothing is stored. */

import * as z from "zod";
import { type LoggedEvent, type RecordedEvent, toRecorded } from "../core/event.ts";
import { messageOf } from "../core/mistake.ts";
import { NAME } from "../core/names.ts";
import { thrown } from "../core/platform-errors.ts";
import { ViewMistake, viewFrom } from "../definitions/over-http/view.ts";
import { liftFor, problemFor } from "../definitions/upcast.ts";
import { type View, filterOfView } from "../definitions/views/view.ts";
import { undeclaredView } from "../operations/check-definition.ts";
import type { Store } from "../store/store.ts";
import { generationsOf } from "../views/generations.ts";
import { type PreviewInput, previewOf } from "../views/preview.ts";
import { jsonBody } from "./body.ts";
import { problemOfPreview } from "./definitions.ts";
import {
  DEFINITION_BYTES,
  PREVIEW_GIVEN,
  PREVIEW_LATEST,
  PREVIEW_LATEST_DEFAULT,
  PREVIEW_POSITIONS,
  VIEW_PAGE_ROWS,
  VIEW_PAGE_ROWS_DEFAULT,
} from "./limits.ts";
import { GivenEvent, latestFor, loggedAt, recordedOf } from "./preview-events.ts";
import { type HttpContext, checked, storeOf } from "./request.ts";

export const ViewPreviewIn = z.strictObject({
  name: z.string().regex(NAME).default("preview").describe("Events that the view of this name has skipped are left out."),
  definition: z.unknown(),
  events: z
    .array(GivenEvent)
    .min(1)
    .max(PREVIEW_GIVEN)
    .refine(
      (events) => events.filter((one) => typeof one === "number").length <= PREVIEW_POSITIONS,
      `at most ${PREVIEW_POSITIONS} positions`,
    )
    .optional()
    .describe("Events to fold, in this order: positions of the log, or events as if they came next. With `last`, after those."),
  last: z.int().min(1).max(PREVIEW_LATEST).optional().describe("How many of the latest events of the log to fold that the view follows."),
  limit: z.int().min(1).max(VIEW_PAGE_ROWS).default(VIEW_PAGE_ROWS_DEFAULT).describe("Rows in the answer."),
});

export async function previewView(context: HttpContext): Promise<Response> {
  const store = storeOf(context);
  const { value } = await jsonBody(context, DEFINITION_BYTES);
  const { name, definition, limit, ...asked } = checked(ViewPreviewIn, value, "the preview is not valid");
  const found = await undeclaredView(store, name, definition);
  if ("outcome" in found) throw problemOfPreview("view", name, found);
  const view = viewFrom(name, found.definition, found.around, { incarnation: 0, at: 0 });
  const { inputs, head, from } = await inputsOf(store, view, asked);
  const { folded, rows, failure, isCut } = previewOf(view, inputs);
  const outcome = failure ? "failed" : isCut ? "cut" : "done";
  return context.json({
    view: name,
    outcome,
    ...(failure ? { error: errorOf(failure) } : {}),
    ...(from === undefined ? {} : { from, to: head, exact: from === 1 && outcome === "done" && asked.events === undefined }),
    events: folded,
    left: inputs.length - folded.length,
    rows: rows.slice(0, limit),
    rowCount: rows.length,
    hasMore: rows.length > limit,
  });
}

type Asked = Pick<z.output<typeof ViewPreviewIn>, "events" | "last">;

/** What to fold, in its order; and the position from which on the log was read for its latest events. */
async function inputsOf(store: Store, view: View, { events = [], last = events.length > 0 ? 0 : PREVIEW_LATEST_DEFAULT }: Asked) {
  const head = await store.log.head();
  const skipped = await skippedBy(store, view.name);
  const logged = (event: LoggedEvent) => loggedInput(view, skipped, event);
  const latest = last > 0 ? await latestFor(store, filterOfView(view), last) : undefined;
  const inputs = (latest?.events ?? []).toReversed().map(logged);
  const given: RecordedEvent[] = [];
  for (const one of events) {
    if (typeof one === "number") inputs.push(logged(await loggedAt(store, one, head)));
    else {
      const event = recordedOf(one, head + given.length, 1 + given.filter(({ stream }) => stream === one.stream).length);
      given.push(event);
      inputs.push({ event });
    }
  }
  return { inputs, head, from: latest?.scannedTo };
}

/** What cannot be lifted fails when its turn comes. */
function loggedInput({ followed }: View, skipped: ReadonlySet<number>, logged: LoggedEvent): PreviewInput {
  const lifted = liftFor(followed, logged);
  const event = toRecorded(lifted);
  if (logged.erased) return { event, passed: "the event was erased: there is nothing left to fold" };
  if (skipped.has(logged.position)) return { event, passed: "an operator has skipped it" };
  const error = problemFor(followed, lifted);
  return error ? { event, error } : { event };
}

/** What the view that has this name now passes over, by order of an operator: a changed definition does, too. */
async function skippedBy(store: Store, name: string): Promise<ReadonlySet<number>> {
  const view = await store.definitions.view(name);
  return view?.declaration ? (await generationsOf(store, view)).skipped : new Set();
}

function errorOf({ event, error }: { readonly event: RecordedEvent; readonly error: unknown }) {
  const cause = thrown(error);
  if (!(cause instanceof ViewMistake)) return { event, message: messageOf(cause) };
  const { path, problem, at } = cause;
  return { event, path, message: problem, at };
}
