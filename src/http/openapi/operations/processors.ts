/** Processors: data transformed. */

import { ProcessorDefinitionIn } from "../../../definitions/over-http/processor.ts";
import { PreviewIn, PreviewOf } from "../../processor-preview.ts";
import { ANSWERS, COMPONENTS } from "../components.ts";
import type { Operation } from "../operation.ts";
import { DRY_RUN, JSON_TYPE, json } from "./shared.ts";
import { DryRunQuery } from "../../request.ts";

export const processors: readonly Operation[] = [
  {
    method: "get",
    path: "/processors",
    operationId: "listProcessors",
    summary: "All processors",
    tag: "Processors",
    answers: { 200: json("The processors that code declares, and those declared over HTTP.", ANSWERS.processors) },
  },
  {
    method: "get",
    path: "/processors/{name}",
    operationId: "getProcessor",
    summary: "One processor",
    tag: "Processors",
    answers: { 200: json("The processor: its definition, if it was declared over HTTP, and how far it is.", COMPONENTS.Processor) },
    problems: ["unknown-processor"],
  },
  {
    method: "put",
    path: "/processors/{name}",
    operationId: "declareProcessor",
    summary: "Declare a processor, or change it",
    description: "A changed processor goes on where it is: `start` counts only when it is new. Declaring the same again changes nothing.",
    tag: "Processors",
    query: DryRunQuery,
    notes: DRY_RUN,
    body: { [JSON_TYPE]: ProcessorDefinitionIn },
    answers: {
      200: json("The processor existed; the answer has its new definition. After a dry run: what it would be.", ANSWERS.declaredProcessor, [
        "Location",
      ]),
      201: json("The processor is declared.", COMPONENTS.Processor, ["Location"]),
    },
    problems: [
      "unknown-category",
      "category-retired",
      "unknown-view",
      "processor-in-code",
      "name-in-use",
      "too-many-definitions",
      "position-beyond-head",
    ],
  },
  {
    method: "delete",
    path: "/processors/{name}",
    operationId: "deleteProcessor",
    summary: "Delete a processor that was declared over HTTP",
    tag: "Processors",
    answers: { 204: { description: "The processor is deleted. What it has stored stays." } },
    problems: ["unknown-processor", "processor-in-code"],
  },
  {
    method: "post",
    path: "/processors/preview",
    operationId: "previewDefinition",
    summary: "Show what a definition would do with an event",
    description: "With `event`, or with the `last` events of the log, step by step. Nothing is stored.",
    tag: "Processors",
    body: { [JSON_TYPE]: PreviewIn.extend({ definition: ProcessorDefinitionIn }) },
    answers: { 200: json("What it would do.", ANSWERS.processorPreview) },
    problems: ["unknown-category", "category-retired", "unknown-view", "position-beyond-head"],
  },
  {
    method: "post",
    path: "/processors/{name}/preview",
    operationId: "previewProcessor",
    summary: "Show what a processor would do with an event",
    description: "With `event`, or with the `last` events of the log, step by step. Nothing is stored.",
    tag: "Processors",
    body: { [JSON_TYPE]: PreviewOf },
    answers: { 200: json("What it would do.", ANSWERS.processorPreview) },
    problems: ["unknown-processor", "position-beyond-head"],
  },
];
