/**
 * Decides what an error means: is an event at fault, or the platform? Pure.
 *
 * Only what D1 and calls between objects throw can be the platform's. An error that the app's own code throws is the app's, whatever its
 * text: the services that an effect calls break connections too, and their errors read exactly like D1's.
 */

/** An error of the app's code: its `cause` is what the code threw. */
export class AppError extends Error {
  override readonly name = "AppError";
}

/**
 * Another part of the store runs another version of the app's code, and does not know what this one knows: during a deployment, or after a
 * rollback. Nothing is at fault, and nothing was done. It is over as soon as both run the same version.
 */
export class OtherCode extends Error {
  override readonly name = "OtherCode";
}

/** How the error of an object begins whose storage newer code has written. Errors lose their class when they travel between objects. */
export const NEWER_STORAGE = "this object was written by newer code";

/** Whether an object refused a call for that reason. Nothing was done. */
export function isOfNewerCode(error: unknown): error is Error {
  return !(error instanceof AppError) && error instanceof Error && error.message.includes(NEWER_STORAGE);
}

/** Runs code of the app: what it throws is marked as the app's. */
export function ofApp<Result>(run: () => Result): Result {
  try {
    const result = run();
    return result instanceof Promise ? (result.catch(blame) as Result) : result;
  } catch (error) {
    return blame(error);
  }
}

function blame(error: unknown): never {
  throw error instanceof AppError ? error : new AppError(`the app's code threw: ${String(error)}`, { cause: error });
}

/** The error as the code threw it: without our mark. */
export function thrown(error: unknown): unknown {
  return error instanceof AppError ? (error.cause ?? error) : error;
}

/** What follows from an error. */
export type Consequence =
  /** An event is at fault: smaller and smaller batches find it, the policy retries it, and then gives up. */
  | "blames"
  /** The platform is at fault; this uses up no attempt. */
  | "passes"
  /** The same, but a smaller batch may go through: it is halved first. */
  | "halves";

/** How the platform's own messages begin, after the prefixes that D1 puts in front of them. */
const PREFIX = /^(?:Error: |D1_ERROR: )*/;

/** D1's errors about a statement, or about what was bound to it. SQLite's other codes are about the database as a whole. */
const STATEMENT =
  /SQLITE_(?:ERROR|CONSTRAINT|TOOBIG|MISMATCH|RANGE|AUTH|MISUSE)\b|^D1_(?:TYPE|COLUMN|EXEC|DUMP)_?\w*ERROR|constraint failed|no such (?:table|column|function)|too many SQL variables|string or blob too big|statement too long|syntax error|datatype mismatch/;

/** The batch was too much work. */
const TOO_MUCH = /exceeded (?:its (?:memory|CPU time) limit|timeout)|timed? ?out\b/i;

/** Errors of objects and D1 that have no prefix. The last one is wrangler's, for objects of a worker that does not run on this machine now. */
const PLATFORM =
  /^(?:Network connection lost|internal error\b|Internal error in (?:Durable Object|D1 DB)|Cannot resolve D1 DB|Replica disconnected|D1 DB\b|(?:The )?Durable Object\b|Failed to parse body as JSON|Too many (?:API requests|subrequests)|Exceeded maximum DB size|This script has been upgraded|Worker exceeded|Worker "[^"]*" not found\. Make sure it is running locally)/i;

/** What follows from an error that a consumer met. */
export function consequenceOf(error: unknown): Consequence {
  if (error instanceof AppError) return "blames";
  if (error instanceof OtherCode || isOfNewerCode(error)) return "passes";
  const { message } = error instanceof Error ? error : { message: String(error) };
  const said = message.replace(PREFIX, "");
  const isD1 = message.startsWith("D1_ERROR: ");
  if (STATEMENT.test(message) && (isD1 || message.startsWith("D1_"))) return "blames";
  if (!isD1 && !PLATFORM.test(said) && !saysSo(error)) return "blames";
  return TOO_MUCH.test(said) ? "halves" : "passes";
}

/** Marks that the runtime adds to errors of calls between objects. An error of the app's code never gets here. */
function saysSo(error: unknown): boolean {
  const { retryable, overloaded, durableObjectReset } = (error ?? {}) as {
    retryable?: unknown;
    overloaded?: unknown;
    durableObjectReset?: unknown;
  };
  return retryable === true || overloaded === true || durableObjectReset === true;
}

/** Whether an error is the platform's, and temporary. It must not use up a consumer's attempts: no event is at fault. */
export function isTransient(error: unknown): boolean {
  return consequenceOf(error) !== "blames";
}
