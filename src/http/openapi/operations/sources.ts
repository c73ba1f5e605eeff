/** Sources: data that comes in by itself. */

import { SourceDefinitionIn } from "../../../definitions/over-http/source.ts";
import { SOURCE_ACTIONS, type SourceAction } from "../../../store/source-protocol.ts";
import { DryRunQuery } from "../../request.ts";
import { SourcePreviewIn } from "../../source-preview.ts";
import { SkipIn } from "../../sources.ts";
import { ANSWERS, COMPONENTS } from "../components.ts";
import type { Operation } from "../operation.ts";
import { DRY_RUN, JSON_TYPE, json } from "./shared.ts";

const SUMMARIES: Readonly<Record<SourceAction, string>> = {
  pause: "Pause a source until it is resumed",
  resume: "Resume a paused source, or one that has failed",
  retry: "Let a source that fails try again at once",
  skip: "Skip the change that a source fails at, and record that",
  reset: "Let a source begin again: it reads everything once more, and stores nothing twice",
};

export const sources: readonly Operation[] = [
  {
    method: "get",
    path: "/sources",
    operationId: "listSources",
    summary: "All sources, and how far each is",
    tag: "Sources",
    answers: { 200: json("The sources that code declares, and those declared over HTTP.", ANSWERS.sources) },
  },
  {
    method: "get",
    path: "/sources/{name}",
    operationId: "getSource",
    summary: "One source, and how far it is",
    tag: "Sources",
    answers: { 200: json("The source: its definition, if it was declared over HTTP, and how far it is.", COMPONENTS.Source) },
    problems: ["unknown-source"],
  },
  {
    method: "put",
    path: "/sources/{name}",
    operationId: "declareSource",
    summary: "Declare a source, or change it",
    description:
      "Besides these members the definition has the settings of its `kind`. `stream`, `type`, `data` and `where` are expressions over `change`. A changed source goes on where it is.",
    tag: "Sources",
    query: DryRunQuery,
    notes: DRY_RUN,
    body: { [JSON_TYPE]: SourceDefinitionIn },
    answers: {
      200: json("The source existed; the answer has its new definition. After a dry run: what it would be.", ANSWERS.declaredSource, [
        "Location",
      ]),
      201: json("The source is declared, and begins.", COMPONENTS.Source, ["Location"]),
    },
    problems: ["unknown-category", "category-retired", "source-in-code", "name-in-use", "queue-in-use", "too-many-definitions"],
  },
  {
    method: "delete",
    path: "/sources/{name}",
    operationId: "deleteSource",
    summary: "Delete a source that was declared over HTTP",
    description: "What was made for it outside, such as a slot, is removed first.",
    tag: "Sources",
    answers: {
      200: json("The source is deleted. Something that was made for it outside is still there.", ANSWERS.leftOutside),
      204: { description: "The source is deleted. What it has stored stays." },
    },
    problems: ["unknown-source", "source-in-code"],
  },
  {
    method: "post",
    path: "/sources/preview",
    operationId: "previewSource",
    summary: "Show what a definition would make of changes",
    description: "The event for each of the given changes, or the mistake at it. Nothing is read outside, and nothing is stored.",
    tag: "Sources",
    body: { [JSON_TYPE]: SourcePreviewIn.extend({ definition: SourceDefinitionIn }) },
    answers: { 200: json("What it would append.", ANSWERS.sourcePreview) },
    problems: ["unknown-category", "category-retired", "category-was-in-code"],
  },
  ...SOURCE_ACTIONS.map((action): Operation => ({
    method: "post",
    path: `/sources/{name}/${action}`,
    operationId: `${action}Source`,
    summary: SUMMARIES[action],
    tag: "Sources",
    ...(action === "skip" ? { body: { [JSON_TYPE]: SkipIn } } : {}),
    answers: { 200: json("The source after the action.", COMPONENTS.Source) },
    problems: ["unknown-source", "action-not-possible", ...(action === "resume" ? (["queue-in-use"] as const) : [])],
  })),
];
