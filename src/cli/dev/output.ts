/** What wrangler prints, without what is about wrangler itself. What the worker prints stays, and so do warnings and errors. Pure. */

/** Lines of no interest to somebody who works on an app: what is bound, each request, each step of a reload. */
const NOISE: readonly RegExp[] = [
  /^\[wrangler(?:-\w+)?:info\]/, // requests, and that it is ready: we say so ourselves
  /^⎔ /,
  /^ ⛅️ wrangler /,
  /^─+$/,
  /^Using (?:vars|secrets|environment variables) defined in /,
  /^\[custom build\]/, // what it has failed with comes as an error
  /^▲ \[WARNING\] A DurableObjectNamespace in the config referenced the class/, // `doctor` names it, with the lines to add
  /^If you think this is a bug then please create an issue at /,
  /^Service bindings, Durable Object bindings, and Tail consumers connect to other /, // workers that find each other need no explanation
];
/** The table of bindings goes on to the next empty line. */
const TABLE = /^Your Worker has access to the following bindings:/;
const RELOADED = /^⎔ Local server updated and ready/;
const ERROR = /^\S* ?\[ERROR\] /;
/** The app does not compile. At the start, wrangler then waits for nothing. */
const BUILD = /^\S* ?\[ERROR\] Build failed/;
/** The app's own code has thrown when it was loaded. */
const THROWN = /^\S* ?\[ERROR\] service core:user:/;
/** What wrangler adds to that, which is the same once more. */
const REPEATED: readonly RegExp[] = [
  /^\S* ?\[ERROR\] The Workers runtime failed to start\./,
  /^ {2}Runtime stderr:$/,
  /^ {2}\{"timestamp":/,
];
// eslint-disable-next-line no-control-regex -- colours begin with one
const COLOURS = /\u001b\[[\d;]*m/g;

/** `build`: the app does not compile. `load`: it has thrown when it was loaded, of which wrangler ends. */
export type FailureKind = "build" | "load" | "other";

export interface Sink {
  write(text: string): void;
  /** The worker runs with changed code. */
  reloaded(): void;
  failed(kind: FailureKind): void;
}

export interface OutputOptions {
  readonly isColoured?: boolean;
  /** Nothing is left out. */
  readonly isRaw?: boolean;
}

export class Output {
  readonly #sink: Sink;
  readonly #options: OutputOptions;
  /** The beginning of a line whose end has not come yet. */
  #rest = "";
  #isInTable = false;
  #hasThrown = false;
  /** An empty line is shown before the next line only. */
  #gap = "";

  constructor(sink: Sink, options: OutputOptions = {}) {
    this.#sink = sink;
    this.#options = options;
  }

  push(chunk: string): void {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#take(line, line.replaceAll(COLOURS, ""));
  }

  /** @param text the line without colours */
  #take(line: string, text: string): void {
    const isNoise = this.#isNoise(text.trimEnd());
    if (THROWN.test(text)) this.#hasThrown = true;
    if (ERROR.test(text)) this.#sink.failed(this.#hasThrown ? "load" : BUILD.test(text) ? "build" : "other");
    const { isColoured = false, isRaw = false } = this.#options;
    const shown = `${isColoured ? line : text}\n`;
    if (isRaw) this.#sink.write(shown);
    else if (!isNoise) this.#show(shown, text.trim() === "");
    if (RELOADED.test(text)) {
      this.#hasThrown = false;
      if (!isRaw) this.#sink.reloaded();
    }
  }

  #show(shown: string, isEmpty: boolean): void {
    if (isEmpty) {
      this.#gap = "\n";
      return;
    }
    this.#sink.write(this.#gap + shown);
    this.#gap = "";
  }

  #isNoise(text: string): boolean {
    if (TABLE.test(text)) this.#isInTable = true;
    if (this.#isInTable) {
      this.#isInTable = text !== "";
      return true;
    }
    return NOISE.some((one) => one.test(text)) || (this.#hasThrown && REPEATED.some((one) => one.test(text)));
  }
}
