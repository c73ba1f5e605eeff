/** What is printed when the store answers: where it is, and the app's own first calls. */

import { request } from "node:https";
import { TOKEN_VARIABLE } from "../session.ts";
import { note, paint, plain, print, toJson } from "../terminal.ts";
import { curlOf } from "./curl.ts";
import { type Answer, type Ask, type Call, Refusal, firstCallsOf } from "./first-calls.ts";
import type { Place } from "./project.ts";

/** Milliseconds that one answer may take. The first one loads the whole app, which on a busy machine takes many times the usual second. */
const ANSWER_TIMEOUT_MS = 60_000;

export interface Visitor {
  readonly token: string | undefined;
  readonly store: string | undefined;
  readonly isJson: boolean;
}

/** Sends requests to the store that has just been started, with any certificate. */
export function askAt({ url, isSelfSigned }: Place, token?: string): Ask {
  return async ({ method, path, body, headers }) => {
    const init = {
      method,
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    if (isSelfSigned) return secretly(url + path, init);
    const response = await fetch(url + path, { ...init, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return { status: response.status, body: parsed(await response.text()) };
  };
}

interface Init {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `fetch` has no option to accept the runtime's own certificate. */
function secretly(url: string, { method, headers, body }: Init): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, rejectUnauthorized: false, timeout: ANSWER_TIMEOUT_MS }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.once("end", () => resolve({ status: response.statusCode ?? 0, body: parsed(text) }));
      response.once("error", reject);
    });
    sent.once("timeout", () => sent.destroy(new Error("no answer")));
    sent.once("error", reject).end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return {};
  }
}

/** @param health what `GET /health` has answered */
export async function welcome(place: Place, health: Answer, { token, store, isJson }: Visitor): Promise<void> {
  const prefix = store === undefined ? "" : `/stores/${encodeURIComponent(store)}`;
  const found = health.status === 200 ? await callsOf(askAt(place, token), prefix) : whyUnhealthy(health);
  const open = health.status === 200 && token !== undefined ? await askAt(place)({ method: "GET", path: "/log/head" }) : undefined;
  // A token is shown only where it is needed.
  const target = { ...place, address: place.shown, token: open !== undefined && open.status !== 200 ? TOKEN_VARIABLE : undefined };
  const calls = typeof found === "string" ? [] : found.map((call) => ({ ...call, curl: curlOf(call, target) }));
  if (isJson) return print(toJson({ url: place.url, calls, ...(typeof found === "string" ? { problem: found } : {}) }));
  const address = place.shown.includes("://") ? place.shown : `http://${place.shown}`;
  print(`Headspring listens on ${paint("bold", address)}`);
  if (typeof found === "string") return note(`${plain(found)}\n`);
  const hasConsole = await askAt(place)({ method: "GET", path: "/console" }).then(
    ({ status }) => status === 200,
    () => false,
  );
  const pages = [`${address}/docs describes every call.`, ...(hasConsole ? [`${address}/console shows the store at work.`] : [])];
  print(`\n${calls.map(({ curl }) => `  ${curl}`).join("\n")}\n\n${pages.join("\n")}\n`);
}

/** For a worker that only answers queries: the store next to it has the calls to try. */
export function welcomeToQueries({ url, shown }: Place, isJson: boolean): void {
  if (isJson) return print(toJson({ url, queries: true }));
  print(`A worker that only answers queries listens on ${paint("bold", shown.includes("://") ? shown : `http://${shown}`)}\n`);
}

async function callsOf(ask: Ask, prefix: string): Promise<Call[] | string> {
  try {
    return await firstCallsOf(ask, prefix);
  } catch (error) {
    // The store runs all the same.
    if (!(error instanceof Refusal)) return `Its first calls could not be found: ${error instanceof Error ? error.message : String(error)}`;
    const { status, body } = error.answer;
    if (status !== 401 && status !== 403) return `It answers ${status}: ${detailOf(body)}`;
    return `It asks for a token (${detailOf(body)}). Put one with the rights read and write into ${TOKEN_VARIABLE}, and start again to see its first calls.`;
  }
}

function whyUnhealthy({ status, body }: Answer): string {
  if (status === 404)
    return "Something answers that is no Headspring store, or not at this path: GET /health is a 404. Does `main` export `createWorker(app)`?";
  return `It is not ready, GET /health is a ${status}: ${detailOf(body)}`;
}

function detailOf(body: unknown): string {
  const { detail } = body as { detail?: unknown };
  return typeof detail === "string" ? detail : "without an explanation";
}
