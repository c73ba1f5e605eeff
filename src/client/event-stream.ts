/** Server-sent events that go on: a connection that ends is opened again where it ended, with nothing missing or doubled. */

import { type Connection, type RequestOptions, isPassing } from "./connection.ts";
import { HeadspringError, problemOf } from "./problem.ts";
import { onceOnline, pause, pauseBefore } from "./pause.ts";

/** A message, by the algorithm of the HTML standard ("Interpreting an event stream"). */
export interface Message {
  readonly type: string;
  readonly data: string;
}

/** The store sends a comment every 15 s. A connection that is silent three times as long is dead. */
const SILENCE_MS = 45_000;
/** A connection that has held so long was a good one: the next one is tried at once. Ours. */
const SETTLED_MS = 10_000;

/**
 * Follows a path. The store sends an id after what it covers, on its own or with a message: the next connection resumes behind the last.
 *
 * @param onId called with an id that came on its own, when what it covers has been taken
 * @throws {HeadspringError} when an answer is an error that does not pass by itself. Ends quietly when the signal aborts.
 */
export async function* follow(
  connection: Connection,
  path: string,
  { signal }: RequestOptions = {},
  onId?: (id: string) => void,
): AsyncGenerator<Message, void> {
  const state: State = { lastId: "", id: "", data: "", type: "" };
  let failures = 0;
  for (;;) {
    if (signal?.aborted) return;
    const abort = new AbortController();
    const stop = () => abort.abort();
    signal?.addEventListener("abort", stop);
    // A connection of before the network went is dead, and would only be silent.
    const forget = onceOnline(stop);
    let retryAfter: string | null = null;
    const since = Date.now();
    try {
      const headers = { accept: "text/event-stream", ...(state.lastId === "" ? {} : { "last-event-id": state.lastId }) };
      const response = await connection.open(path, { headers, signal: abort.signal });
      retryAfter = response.headers.get("retry-after");
      if (!response.ok || !response.body) throw await problemOf(response);
      for await (const line of linesOf(response.body, stop)) {
        const message = interpret(line, state);
        if (!message) {
          if (line === "" && state.lastId !== "") onId?.(state.lastId);
          continue;
        }
        failures = 0;
        yield message;
      }
    } catch (error) {
      if (signal?.aborted) return;
      const passes = !(error instanceof HeadspringError) || isPassing(error, retryAfter);
      if (!passes) throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
      forget();
      stop(); // also when the reader has left the loop
    }
    // What was read of a message that broke off comes again.
    Object.assign(state, { id: state.lastId, data: "", type: "" });
    if (Date.now() - since >= SETTLED_MS) failures = 0;
    await pause(pauseBefore(failures++, retryAfter), signal);
  }
}

/** What is known between two lines. */
interface State {
  /** The last id whose block is complete: only then has what it covers arrived. */
  lastId: string;
  id: string;
  data: string;
  type: string;
}

function interpret(line: string, state: State): Message | undefined {
  if (line === "") {
    const { data, type } = state;
    Object.assign(state, { lastId: state.id, data: "", type: "" });
    return data === "" ? undefined : { type: type || "message", data: data.slice(0, -1) };
  }
  const [, field = line, value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
  if (field === "data") state.data += `${value}\n`;
  if (field === "event") state.type = value;
  if (field === "id") state.id = value;
  return undefined;
}

/** @param stop called when nothing has come for too long; the body must end then */
async function* linesOf(body: ReadableStream<Uint8Array>, stop: () => void): AsyncGenerator<string, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const timer = setTimeout(stop, SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n/);
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    await reader.cancel().catch(() => {}); // it has ended by itself
  }
}
