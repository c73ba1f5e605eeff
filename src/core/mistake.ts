/**
 * An error which means that the code lacks something, whatever the input: a step that running sagas need, a target that is not declared. It
 * stops a consumer, so that a deployment can fix it; every other error ends only the instance whose input led to it.
 */
export class CodeMistake extends Error {
  override readonly name = "CodeMistake";
}

/** The command that ends an instance of a process, because one of its handlers failed on an input. Only the store sends it. */
export const FAIL = "$Fail";

/** Characters of an error's text that are kept. Ours: enough to recognise it, and it fits into any event. */
const MESSAGE_CHARACTERS = 1_000;

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, MESSAGE_CHARACTERS);
}
