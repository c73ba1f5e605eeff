/** One attempt: a signed POST to the endpoint, and its answer, within limits whatever the other side does. */

import { type LoggedEvent, eventJson } from "../core/event.ts";
import { WEBHOOK_EXCERPT_BYTES, WEBHOOK_EXCERPT_MS, WEBHOOK_TIMEOUT_MS } from "./limits.ts";
import { CLOUD_EVENT_TYPE, cloudEventJson } from "../core/cloudevents.ts";
import type { Format } from "../store/webhook-protocol.ts";
import type { Outcome } from "../store/delivery-protocol.ts";
import { retryAfterMs } from "../deliveries/schedule.ts";
import { type Signers, signatureHeaders } from "./signature.ts";
import { targetProblem } from "../definitions/webhooks/target.ts";

/** Characters of an error's text that the ledger keeps. */
const ERROR_TEXT = 200;

/** A message, and where to send it. */
export interface Message {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signers: Signers;
  /** The same over all attempts. */
  readonly id: string;
  readonly body: string;
  readonly format?: Format | undefined;
  /** The trace that the event belongs to. */
  readonly trace?: string | null | undefined;
}

/** The body for an event. */
export function bodyOf(store: string, event: LoggedEvent, format: Format = "event"): string {
  if (format === "cloudevents") return cloudEventJson(store, event.stream, event, event.position);
  const time = event.time ?? new Date(event.recordedAt).toISOString();
  return messageJson(event.type, time, eventJson(event.stream, event, event.position));
}

/** A body as Standard Webhooks defines it. `data` is JSON text. */
export function messageJson(type: string, timestamp: string, data: string): string {
  return `{"type":${JSON.stringify(type)},"timestamp":${JSON.stringify(timestamp)},"data":${data}}`;
}

/** Sends it. Never throws: whatever happens is an outcome. */
export async function send({ url, headers, signers, id, body, format, trace }: Message, allowPrivate: boolean): Promise<Outcome> {
  const begun = Date.now();
  const durationMs = () => Math.max(0, Date.now() - begun);
  // Not `AbortSignal.timeout`: its timer cannot be cancelled, and would keep the object awake, and billed, until it ends.
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new DOMException("no answer in time", "TimeoutError")), WEBHOOK_TIMEOUT_MS);
  try {
    const problem = targetProblem(url, allowPrivate);
    if (problem) return { delivered: false, error: problem, durationMs: 0 };
    const response = await fetch(url, {
      method: "POST",
      body,
      redirect: "manual",
      signal: late.signal,
      headers: {
        ...headers,
        "content-type": format === "cloudevents" ? CLOUD_EVENT_TYPE : "application/json",
        "user-agent": "Headspring",
        ...(trace ? { traceparent: trace } : {}),
        ...(await signatureHeaders(signers, id, body, new Date(begun))),
      },
    });
    const outcome = { delivered: response.ok, response: response.status, durationMs: durationMs() };
    const retryAfter = response.ok ? undefined : retryAfterMs(response.headers.get("retry-after"), Date.now());
    const excerpt = await excerptOf(response);
    return {
      ...outcome,
      ...(response.ok ? {} : { error: `answered ${response.status}` }),
      ...(excerpt === "" ? {} : { excerpt }),
      ...(retryAfter === undefined ? {} : { retryAfterMs: retryAfter }),
    };
  } catch (error) {
    return { delivered: false, error: String(error).slice(0, ERROR_TEXT), durationMs: durationMs() };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The first bytes of an answer, as text: for people to recognise an error page. The rest is not read, however long it is; and since the
 * status has decided already, neither a body that never ends nor one that cannot be decoded changes anything.
 */
async function excerptOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeIsUp = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), WEBHOOK_EXCERPT_MS)));
  try {
    while (bytes < WEBHOOK_EXCERPT_BYTES) {
      const read = await Promise.race([reader.read(), timeIsUp]);
      if (!read?.value) break;
      const chunk: Uint8Array = read.value.subarray(0, WEBHOOK_EXCERPT_BYTES - bytes);
      bytes += chunk.byteLength;
      text += decoder.decode(chunk, { stream: true });
    }
  } catch {
    // The connection broke, or the body is not as announced: what was read until then is all there is.
  } finally {
    clearTimeout(timer);
  }
  // Not awaited: an answer that hangs also hangs when it is cancelled.
  reader.cancel().catch(() => {});
  // oxlint-disable-next-line no-control-regex -- control characters are what it removes
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "");
}
