/** Requests to one store: with its address and a token, repeated where repeating helps. */

import { HeadspringError, problemOf } from "./problem.ts";
import { pause, pauseBefore } from "./pause.ts";

/** How a client reaches its store. */
export interface ClientOptions {
  /** A bearer token, or a function that returns a current one: it is called before each request. */
  readonly token?: string | (() => string | Promise<string>);
  /** The store. Default: the deployment's `default` store. */
  readonly store?: string;
  /** Sends requests in place of the global `fetch`: for example that of a service binding, `(url, init) => env.STORE.fetch(url, init)`. */
  readonly fetch?: (url: string, init?: RequestInit) => Response | Promise<Response>;
}

/** What every call takes. */
export interface RequestOptions {
  /** Ends the request, or the loop, when it aborts. */
  readonly signal?: AbortSignal;
}

/** Any call of a store, for {@link Connection.call}. */
export interface CallOptions extends RequestOptions {
  /** Default: `GET`. */
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** `false`: sent once, whatever happens. Default: repeated as every call of the client, if repeating it is safe. */
  readonly repeat?: boolean;
}

export interface Called {
  readonly status: number;
  readonly headers: Headers;
  /** The answer's JSON; a string where the answer is not JSON; undefined: it has no body. Its shape depends on the path. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

export interface Outgoing extends RequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, in place of `body`; a header says what it is. */
  readonly text?: string;
}

export interface Incoming {
  readonly headers: Headers;
  /** Its shape depends on the path. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

/** Repetitions of one request. Ours: with the pauses between them some ten seconds, in which a store has restarted. */
const REPETITIONS = 6;
/** Answers of the store, or of a proxy in front of it, after which the same request may succeed. */
const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Whether to ask again after an error: no answer arrived, or one that asks for it. */
export function isPassing({ status, code }: HeadspringError, retryAfter?: string | null): boolean {
  // The store's own 503 without a time, such as `auth-not-configured`, stays as it is.
  return status === 0 || (PASSING.has(status) && (Boolean(retryAfter) || code === "unexpected-answer"));
}

export class Connection {
  readonly #base: string;
  readonly #token: ClientOptions["token"];
  readonly #fetch: NonNullable<ClientOptions["fetch"]>;

  constructor(url: string, { token, store, fetch: send = (...request) => fetch(...request) }: ClientOptions) {
    this.#base = url.replace(/\/+$/, "") + (store === undefined ? "" : `/stores/${encodeURIComponent(store)}`);
    this.#token = token;
    this.#fetch = send;
  }

  /** One request. @throws {HeadspringError} `unreachable`; the signal's reason when it aborts */
  async open(path: string, { method = "GET", headers = {}, body, text, signal }: Outgoing = {}): Promise<Response> {
    const token = typeof this.#token === "function" ? await this.#token() : this.#token;
    const init: RequestInit = {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: text ?? (body === undefined ? undefined : JSON.stringify(body)),
      signal,
    };
    try {
      return await this.#fetch(this.#base + path, init);
    } catch (cause) {
      throw signal?.aborted ? signal.reason : unreachable(cause);
    }
  }

  /**
   * Sends a request until repeating it changes nothing any more. Reads, and writes with a key, are safe to repeat; nothing else comes here.
   *
   * @throws {HeadspringError} when the last answer is an error
   */
  send(path: string, request: Outgoing = {}): Promise<Incoming> {
    return this.sendAs(path, request, async (response) => ({ headers: response.headers, body: await jsonOf(response) }));
  }

  /** The same for an answer that is not JSON. An answer that breaks off while it is read is asked for again. */
  async sendAs<Read>(
    path: string,
    request: Outgoing,
    read: (response: Response) => Promise<Read>,
    repetitions: number = REPETITIONS,
  ): Promise<Read> {
    const { signal } = request;
    for (let attempt = 0; ; attempt++) {
      let retryAfter: string | null = null;
      let problem: unknown;
      try {
        const response = await this.open(path, request);
        retryAfter = response.headers.get("retry-after");
        if (response.ok) return await read(response);
        problem = await problemOf(response);
      } catch (error) {
        problem = signal?.aborted ? signal.reason : error instanceof HeadspringError ? error : unreachable(error); // the body broke off
      }
      if (!(problem instanceof HeadspringError) || !isPassing(problem, retryAfter) || attempt === repetitions) throw problem;
      await pause(pauseBefore(attempt, retryAfter), signal);
    }
  }

  /** Any call. A POST or PATCH is repeated only if it has an `Idempotency-Key`: the second time, another one may change something again. */
  call(path: string, { repeat, ...request }: CallOptions = {}): Promise<Called> {
    const { method = "GET", headers = {} } = request;
    const isSafe = !/^(?:POST|PATCH)$/.test(method) || Object.keys(headers).some((name) => name.toLowerCase() === "idempotency-key");
    return this.sendAs(path, request, calledOf, (repeat ?? isSafe) ? REPETITIONS : 0);
  }

  /** The pages of a path, to the last one. */
  async *pages(path: string, request: RequestOptions = {}): AsyncGenerator<Incoming, void> {
    let next: string | undefined = path;
    while (next !== undefined) {
      const page: Incoming = await this.send(next, request);
      yield page;
      // The link is a path of the store's host. Ours may have more in front: only its query is taken.
      const query = /\?[^>]*(?=>;\s*rel="next")/.exec(page.headers.get("link") ?? "")?.[0];
      next = query === undefined ? undefined : path.replace(/\?.*$/s, "") + query;
    }
  }
}

function unreachable(cause: unknown): HeadspringError {
  const what = cause instanceof Error ? cause.message : String(cause);
  return new HeadspringError("unreachable", `the store did not answer: ${what}`, 0, {}, cause);
}

async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new HeadspringError("unexpected-answer", `the answer is not JSON: ${text.slice(0, 200)}`, response.status);
  }
}

async function calledOf(response: Response): Promise<Called> {
  const { status, headers } = response;
  const text = await response.text();
  const isJson = /^application\/(?:[\w.-]+\+)?json\b/.test(headers.get("content-type") ?? "");
  return { status, headers, body: text === "" ? undefined : isJson ? JSON.parse(text) : text };
}

/** A query string, `?` included; empty without parameters. Lists repeat their parameter, and `undefined` leaves it out. */
export function queryOf(parameters: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) query.append(name, String(one));
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}
