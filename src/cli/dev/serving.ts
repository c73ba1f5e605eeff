/** Keeps the store of a project running until a signal ends it: through changes of the code that fail, and when wrangler dies. */

import { statSync, watch } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { EXIT } from "../failure.ts";
import { note } from "../terminal.ts";
import type { Answer } from "./first-calls.ts";
import { type FailureKind, Output, type OutputOptions } from "./output.ts";
import type { Place } from "./project.ts";
import { askAt } from "./welcome.ts";
import { Wrangler } from "../../local/wrangler.ts";

/** Wrangler may die, for example of a client that hangs up. That often within that many milliseconds, it is started again. */
const RESTARTS = 3;
const RESTARTS_WITHIN_MS = 60_000;
/** Milliseconds between two looks at whether it answers. */
const PROBE_MS = 100;
/** Milliseconds after an error until a person reads what happens next. */
const HINT_MS = 1_000;
/** Milliseconds within which a second signal is the same Ctrl-C: npm passes on what the terminal has sent to us, too. */
const SAME_SIGNAL_MS = 300;
/** Milliseconds between looks at whether npm, or the shell between it and us, has ended. */
const PARENT_MS = 500;

export interface ServingOptions {
  readonly program: string;
  readonly project: string;
  readonly place: Place;
  /** What goes to wrangler. */
  readonly args: readonly string[];
  /** The folder of the app's code, or its file. */
  readonly code: string;
  readonly isJson: boolean;
  /** Called once, when the store answers for the first time. */
  readonly ready: (health: Answer) => Promise<void>;
}

export class Serving {
  readonly #options: ServingOptions;
  #wrangler: Wrangler;
  #isAnswering = false;
  /** The app's code is wrong: resolves when it has changed, and wrangler has ended. */
  #correction: Promise<void> | undefined;
  /** A signal has come, or {@link stop} was called. */
  isStopping = false;
  #stopped!: () => void;
  readonly #stop = new Promise<void>((resolve) => (this.#stopped = resolve));

  constructor(options: ServingOptions) {
    this.#options = options;
    this.#wrangler = this.#start();
  }

  /** @throws {Error} when wrangler cannot run */
  async untilStopped(): Promise<void> {
    this.#endWithSignals();
    const deaths: number[] = [];
    for (let isWelcomed = false; ;) {
      const health = await this.#firstAnswer();
      if (health !== undefined && !isWelcomed) {
        isWelcomed = true;
        await this.#options.ready(health).catch((error: unknown) => {
          if (!this.isStopping) throw error;
        });
      }
      const how = await this.#wrangler.ended;
      if (this.isStopping) return;
      if (this.#correction) {
        await Promise.race([this.#correction, this.#stop]);
        if (this.isStopping) return;
      } else {
        if (!isWelcomed) throw new Error(`wrangler ended before the store answered, ${how}`);
        deaths.push(Date.now());
        if (deaths.filter((at) => at > Date.now() - RESTARTS_WITHIN_MS).length > RESTARTS)
          throw new Error(`wrangler ended again and again, ${how}`);
        note(`wrangler ended unexpectedly, ${how}; it is started again on the same data`);
      }
      this.#wrangler = this.#start();
    }
  }

  #start(): Wrangler {
    const { program, project, place, args, isJson } = this.#options;
    this.#isAnswering = false;
    this.#correction = undefined;
    // A person who asks for more of wrangler gets all of it.
    const isRaw = Boolean(process.env.WRANGLER_LOG);
    const isColoured = process.stdout.isTTY && !process.env.NO_COLOR;
    const outputTo = (stream: NodeJS.WriteStream, options: OutputOptions) =>
      new Output(
        {
          write: (text) => void stream.write(text),
          reloaded: () => void stream.write("The changed code runs.\n"),
          failed: (kind) => this.#failed(kind),
        },
        options,
      );
    // Programs read results on stdout, and nothing else.
    const outputs = {
      stdout: outputTo(isJson ? process.stderr : process.stdout, { isRaw, isColoured }),
      stderr: outputTo(process.stderr, { isRaw, isColoured }),
    };
    return new Wrangler({
      program,
      project,
      port: place.port,
      args,
      environment: isColoured ? { FORCE_COLOR: "1" } : {},
      output: (text, from) => outputs[from].push(text),
    });
  }

  #failed(kind: FailureKind): void {
    // Once it has compiled, wrangler waits for changes by itself.
    if (this.#correction || kind === "other" || (kind === "build" && this.#isAnswering)) return;
    const wrangler = this.#wrangler;
    this.#correction = changeIn(this.#options.code).then(() => wrangler.stop());
    // After all that wrangler prints about it.
    setTimeout(() => {
      if (this.isStopping || wrangler !== this.#wrangler) return;
      note(
        `\n${kind === "load" ? "The app fails when it is loaded; `npx headspring check` names all mistakes." : "The app does not compile."} The store starts when this is corrected and saved; Ctrl-C ends.`,
      );
    }, HINT_MS).unref();
  }

  /** Waits for an answer as long as wrangler runs. */
  async #firstAnswer(): Promise<Answer | undefined> {
    const ask = askAt(this.#options.place);
    while (!this.#wrangler.hasEnded && !this.isStopping) {
      const answer = await ask({ method: "GET", path: "/health" }).catch(() => undefined);
      if (answer !== undefined) {
        this.#isAnswering = true;
        return answer;
      }
      await Promise.race([sleep(PROBE_MS), this.#stop]);
    }
    return undefined;
  }

  /** Ends it, and what it waits for. */
  stop(): void {
    if (this.isStopping) return;
    this.isStopping = true;
    this.#stopped();
    void this.#wrangler.stop();
  }

  #endWithSignals(): void {
    let first = 0;
    const stop = () => {
      if (this.isStopping && Date.now() > first + SAME_SIGNAL_MS) process.exit(EXIT.failed); // asked twice: at once
      if (this.isStopping) return;
      first = Date.now();
      this.stop();
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
    // A signal to npm ends only the shell between npm and us.
    if (process.env.npm_lifecycle_event === undefined) return;
    const parent = process.ppid;
    setInterval(() => process.ppid === parent || this.isStopping || stop(), PARENT_MS).unref();
  }
}

/** Resolves when the file, or a file in the folder, changes. */
function changeIn(path: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(path, { recursive: statSync(path).isDirectory() }, () => {
      watcher.close();
      resolve();
    });
  });
}
