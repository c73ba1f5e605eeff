/**
 * What has a consumer's name: the code, or one of the declarations over HTTP that had it one after another. What is recorded for one (an event
 * that an operator let it skip) does not apply to the next, of whichever kind.
 */

import type { Processor } from "./processors/processor.ts";
import type { View } from "./views/view.ts";

/** The same for all definitions and tables that the view has had since it was declared. */
export function incarnationOfView({ declaration }: Pick<View, "declaration">): string {
  return declaration ? `view ${declaration.incarnation}` : "view";
}

export function incarnationOfProcessor(processor: Processor): string {
  return processor.kind === "rules" ? `processor ${processor.generation}` : "processor";
}
