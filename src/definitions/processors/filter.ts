/** The events that processors handle. Pure. */

import type { FilterOfConsumer } from "../../core/event.ts";
import { COMMAND_SENT } from "./process-events.ts";
import { type Processor, isProcess } from "./processor.ts";

/** A process also handles the events by which its own instances send commands. */
export function filterOfProcessor(processor: Processor): FilterOfConsumer {
  const categories = processor.sources.map(({ name }) => name);
  if (!isProcess(processor)) return { types: [...processor.handlers.keys()], categories };
  return { types: [...processor.process.correlate.keys(), COMMAND_SENT], categories: [...categories, processor.name] };
}
