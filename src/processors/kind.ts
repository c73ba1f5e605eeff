/** ⑤ Processors as a kind of consumer: they react from a checkpoint, and may be reset to any position. */

import { catchUp } from "../consumers/catch-up.ts";
import { control, countControl } from "../consumers/control.ts";
import { type ConsumerKind, wokenBy } from "../consumers/kind.ts";
import { checkpointIn, reportOf, skippedIn } from "../consumers/report.ts";
import { countEvents } from "../consumers/run-count.ts";
import { checkpointsIn, standing } from "../consumers/standing.ts";
import { filterOfProcessor, ownFilterOf } from "../definitions/processors/filter.ts";
import { processorsInCode } from "../definitions/processors/kind.ts";
import { processorConsumer } from "./processor-consumer.ts";
import { checkpointOf, generationOf } from "./shared.ts";

/** Receipts are kept only for a while: what a reaction stored before that is stored again. */
const RESET_WARNING =
  "the processor reacts to these events again; commands and events that it caused in the last 30 days are recognised and not stored twice, older ones may be";

export const processorKind: ConsumerKind = {
  ...processorsInCode,

  async wake(store, name, deadline) {
    const processor = await store.definitions.processor(name);
    return processor && wokenBy(await catchUp(processorConsumer(store, processor), store.log, deadline));
  },

  async report(store, name, reading) {
    const processor = await store.definitions.processor(name);
    if (!processor) return undefined;
    const checkpoint = checkpointIn(await reading.rowsIn(store.database()), name, generationOf(processor));
    return { report: reportOf(name, "processor", checkpoint, reading.head), filter: filterOfProcessor(processor) };
  },

  async control(store, name, action, position) {
    const processor = await store.definitions.processor(name);
    if (!processor) return undefined;
    const outcome = await control(processorConsumer(store, processor), action, position);
    return outcome.outcome === "done" && action === "reset" ? { ...outcome, warning: RESET_WARNING } : outcome;
  },

  async count(store, name, action, position) {
    const processor = await store.definitions.processor(name);
    if (!processor) return undefined;
    const consumer = processorConsumer(store, processor);
    // What only its copies of joined views need is not processed.
    const counted = processor.kind === "rules" ? { ...consumer, types: undefined, ...ownFilterOf(processor) } : consumer;
    return action === "reset" ? countEvents(counted, position ?? 0) : countControl(consumer, action, position, counted);
  },

  async skipped(store, name) {
    const processor = await store.definitions.processor(name);
    return processor ? skippedIn(checkpointOf(store, processor)) : [];
  },

  standings: async (definitions, rows) =>
    (await definitions.processors()).map((processor) => {
      const checkpoints = checkpointsIn(rows, "VIEWS", processor.name);
      const place = standing(
        processor.name,
        checkpoints.find(({ generation }) => generation === generationOf(processor)),
      );
      return { ...place, ...filterOfProcessor(processor), binding: "VIEWS" };
    }),
};
