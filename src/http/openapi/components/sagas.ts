/** Sagas and their steps. */

import * as z from "zod";
import { Name, StreamName, Version } from "../../../core/answer.ts";
import { SagaState } from "../../../definitions/processors/saga-state.ts";

const { status, failure, parent, input, steps } = SagaState.shape;

export const saga = z.object({
  saga: Name,
  id: z.string(),
  stream: StreamName,
  version: Version,
  status,
  failure,
  undoFailed: z.array(z.string()).optional().describe("Steps that could not be undone: a person has to decide what to do."),
  parent,
  input,
  steps,
});
