/** Processors, as consumers that the code declares. */

import type { DeclaredKind } from "../kind.ts";
import { filterOfProcessor } from "./filter.ts";

export const processorsInCode = {
  name: "processor",
  keepsOwnPlace: false,
  has: (app, consumer) => app.processors.has(consumer),
  inCode: (app) =>
    [...app.processors.values()].map((processor) => ({
      name: processor.name,
      filter: filterOfProcessor(processor),
      startsAtHead: processor.start === "head",
    })),
} as const satisfies DeclaredKind;
