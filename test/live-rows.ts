/** Keeps rows current by a live view, as a client would: a first page, then what the stream says, in order. */

import { EventStream } from "./event-stream.ts";

type Row = Record<string, unknown>;
type Get = (path: string, headers: Record<string, string>) => Promise<Response>;

export class LiveRows {
  readonly rows: Map<unknown, Row>;
  /** Names of the stream's events, as they came. */
  readonly told: string[] = [];
  /** Where it would resume. */
  id: string;
  readonly #get: Get;
  readonly #path: string;
  readonly #key: string;
  #stream: EventStream | undefined;

  /** @param rows what it has, as of `id` */
  constructor(get: Get, path: string, key: string, rows: readonly Row[], id: string) {
    this.#get = get;
    this.#path = path;
    this.#key = key;
    this.rows = new Map(rows.map((row) => [row[key], row]));
    this.id = id;
  }

  /** Reads the first page (the only one, in tests). */
  static async start(get: Get, path: string, key: string): Promise<LiveRows> {
    const response = await get(`${path}${path.includes("?") ? "&" : "?"}limit=200`, {});
    const { rows, next } = await response.json<{ rows: Row[]; next?: string }>();
    if (next !== undefined) throw new Error("more than one page");
    return new LiveRows(get, path, key, rows, response.headers.get("headspring-live") ?? "");
  }

  /** The position up to which it has everything. */
  get position(): number {
    return Number(this.id.split("-")[0]);
  }

  /** Rows by key, for comparison. */
  get sorted(): Row[] {
    return [...this.rows.values()].toSorted((a, b) => (String(a[this.#key]) < String(b[this.#key]) ? -1 : 1));
  }

  async connect(): Promise<void> {
    const response = await this.#get(this.#path, { accept: "text/event-stream", "last-event-id": this.id });
    if (response.status !== 200 || !response.body) throw new Error(`no live view, but ${response.status} ${await response.text()}`);
    this.#stream = new EventStream(response.body as ReadableStream<Uint8Array>, this.id);
  }

  /** Takes what comes next and applies it. @returns false at the end */
  async read(): Promise<boolean> {
    const stream = this.#stream;
    if (!stream) throw new Error("not connected");
    const more = await stream.read();
    for (const { type, data } of stream.take()) {
      this.told.push(type);
      const row = JSON.parse(data) as Row;
      if (type === "row") this.rows.set(row[this.#key], row);
      if (type === "removed") this.rows.delete(row[this.#key]);
    }
    this.id = stream.lastEventId;
    return more;
  }

  /** Reads on until it has everything up to a position. */
  async reach(position: number): Promise<this> {
    while (this.position < position) if (!(await this.read())) throw new Error(`the stream ended at ${this.id}: ${this.told.at(-1)}`);
    return this;
  }

  /** Reads on to the end. */
  async end(): Promise<void> {
    while (await this.read());
  }

  async close(): Promise<void> {
    await this.#stream?.close();
    this.#stream = undefined;
  }
}
