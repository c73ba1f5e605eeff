/** What a definition that was kept names, whatever its kind. Pure. */

import { type ProcessorDefinition, namesIn as namesInProcessor } from "./processor.ts";
import { type SourceDefinition, namesIn as namesInSource } from "./source.ts";
import { type ViewDefinition, namesIn as namesInView } from "./view.ts";

interface Names {
  readonly categories: readonly string[];
  /** Views or categories. */
  readonly joined: readonly string[];
}

const NAMES_IN: Readonly<Record<"view" | "processor" | "source", (definition: unknown) => Names>> = {
  view: (definition) => ({ joined: [], ...namesInView(definition as ViewDefinition) }),
  processor: (definition) => namesInProcessor(definition as ProcessorDefinition),
  source: (definition) => namesInSource(definition as SourceDefinition),
};

export function namesIn(kind: keyof typeof NAMES_IN, definition: unknown): Names {
  return NAMES_IN[kind](definition);
}
