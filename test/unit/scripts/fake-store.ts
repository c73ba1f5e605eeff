/** A store as the scripts for backups see it, in memory: what it has, what it was asked, and faults at a call of choice. */

import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

type Event = Record<string, unknown> & { readonly id: string };

/** Instead of an answer: the first half of it, another status, or none at all. */
export type Fault = "half" | "hangs" | { readonly status: number };

export class FakeStore {
  readonly events: Event[];
  /** Lines that declare something. */
  readonly definitions: string[] = [];
  /** Lines of all imports, in their order. */
  readonly taken: string[] = [];
  /** Method and path of each call. */
  readonly calls: string[] = [];
  /** Lines that one import takes. */
  importLines = Number.POSITIVE_INFINITY;
  /** Events that an import claims to be new, although they are known. */
  claims = 0;
  /** What goes wrong at a call, and at each time that it is made again. */
  fault: (call: string) => Fault | undefined = () => undefined;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  static async start(events: readonly Event[] = []): Promise<FakeStore> {
    const store = new FakeStore(events);
    store.#server.listen(0, "127.0.0.1");
    await once(store.#server, "listening");
    return store;
  }

  private constructor(events: readonly Event[]) {
    this.events = [...events];
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call = `${request.method} ${request.url}`;
    this.calls.push(call);
    const fault = this.fault(call);
    if (fault === "hangs") return;
    if (typeof fault === "object") response.statusCode = fault.status;
    const answer = this.#answer(call, Buffer.concat(chunks).toString(), response);
    if (fault !== "half") return void response.end(answer);
    response.write(answer.slice(0, answer.length / 2), () => response.destroy());
  }

  #answer(call: string, body: string, response: ServerResponse): string {
    const { pathname, searchParams } = new URL(call.split(" ")[1] ?? "", "http://store");
    if (pathname === "/log/head") return JSON.stringify({ head: this.events.length });
    if (pathname === "/log" && searchParams.get("definitions") === "true")
      return [
        ...this.definitions,
        JSON.stringify({ hasMore: false, next: Number(searchParams.get("after")), head: this.events.length }),
        "",
      ].join("\n");
    if (pathname === "/log")
      return this.#piece(Number(searchParams.get("after")), Number(searchParams.get("limit")), Number(searchParams.get("to")));
    if (pathname === "/import") return this.#import(body, response);
    return JSON.stringify({ consumers: [{ name: "ship", kind: "processor" }] });
  }

  #piece(after: number, limit: number, to: number): string {
    const head = this.events.length;
    const next = Math.min(after + limit, to, head);
    const lines = this.events.slice(after, next).map((event) => JSON.stringify(event));
    return [...lines, JSON.stringify({ hasMore: next < to, next, head }), ""].join("\n");
  }

  #import(body: string, response: ServerResponse): string {
    const lines = body.trimEnd().split("\n");
    const taken = lines.slice(0, this.importLines);
    this.taken.push(...taken);
    const declared = taken.filter((line) => line.startsWith('{"definition":') && !this.definitions.includes(line));
    this.definitions.push(...declared);
    const events = taken.filter((line) => !line.startsWith('{"definition":'));
    const fresh = events.map((line) => JSON.parse(line) as Event).filter(({ id }) => !this.events.some((event) => event.id === id));
    for (const event of fresh) this.events.push({ ...event, position: this.events.length + 1 });
    const imported = fresh.length + declared.length + this.claims;
    const progress = { lines: taken.length, imported, known: taken.length - imported };
    if (taken.length === lines.length) return JSON.stringify(progress);
    response.statusCode = 503;
    return JSON.stringify({ code: "unavailable", next: taken.length, ...progress });
  }
}
