/**
 * An error that says that the code lacks something, whatever the input: a step that running sagas need, a target that is
 * not declared. It stops a consumer, so that a deployment can put it right; every other error ends the one instance whose
 * input led to it.
 */
export class CodeMistake extends Error {
  override readonly name = "CodeMistake";
}

/** The command that ends an instance of a process, because one of its handlers could not take an input. Only the store sends it. */
export const FAIL = "$Fail";

/** Characters of an error's text that are kept. Ours: enough to recognise it, and it fits any event. */
const MESSAGE_CHARACTERS = 1_000;

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, MESSAGE_CHARACTERS);
}
