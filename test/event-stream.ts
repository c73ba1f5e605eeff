/** Server-sent events as a browser's EventSource reads them: by the algorithm of the HTML standard, section "Interpreting an event stream". */

export interface Message {
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

export class EventStream {
  /** What a browser would send as `Last-Event-ID` when it comes back. */
  lastEventId = "";
  /** Milliseconds after which it would. */
  retry: number | undefined;
  readonly comments: string[] = [];
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #closed = false;
  #rest = "";
  #ready: Message[] = [];
  #data = "";
  #type = "";
  #id = "";

  constructor(body: ReadableStream<Uint8Array>, lastEventId = "") {
    this.#reader = body.getReader();
    this.lastEventId = this.#id = lastEventId;
  }

  /** Reads on to the next event that a browser would dispatch. Undefined: the stream has ended. */
  async next(): Promise<Message | undefined> {
    while (this.#ready.length === 0) if (!(await this.read())) return undefined;
    return this.#ready.shift();
  }

  /** Takes what comes next, whatever it is. @returns false at the end */
  async read(): Promise<boolean> {
    const { done, value } = await this.#reader.read().catch((error: Error) => {
      if (this.#closed) return { done: true as const, value: undefined };
      throw error;
    });
    if (done) return false;
    const lines = (this.#rest + this.#decoder.decode(value, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#interpret(line);
    return true;
  }

  /** Events that have been read and not taken. */
  get pending(): readonly Message[] {
    return this.#ready;
  }

  /** Takes them. */
  take(): Message[] {
    return this.#ready.splice(0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#reader.cancel();
  }

  #interpret(line: string): void {
    if (line === "") return this.#dispatch();
    if (line.startsWith(":")) return void this.comments.push(line.slice(1));
    const [, field = line, value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === "data") this.#data += `${value}\n`;
    if (field === "event") this.#type = value;
    if (field === "id") this.#id = value;
    if (field === "retry") this.retry = Number(value);
  }

  #dispatch(): void {
    this.lastEventId = this.#id;
    if (this.#data !== "") this.#ready.push({ id: this.#id, type: this.#type || "message", data: this.#data.slice(0, -1) });
    this.#data = "";
    this.#type = "";
  }
}
