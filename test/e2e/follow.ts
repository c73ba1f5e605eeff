/**
 * A reader who follows a page of the documentation to the letter, in a separate copy of the project: writes the files that it shows,
 * makes its changes, runs its commands, and compares every answer.
 *
 * | block | what the reader does |
 * |---|---|
 * | any, with `// path` or `# path` as its first line | writes that file |
 * | `diff`, with `--- path` as its first line | makes that change; lines with `…` stand for what is left out |
 * | `sh` | runs it. `npm start` starts the store; `curl -N` and `# in another terminal` go on while he reads on |
 * | `json`, `text` | compares the answer to what was run last |
 *
 * Ids, times, secrets and ports differ from run to run: see `answers.ts`.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { until } from "../../scripts/client.ts";
import { freePort, temporaryFolder } from "../../scripts/dev-server.ts";
import { isFree } from "../../src/local/wrangler.ts";
import { Correspondence, jsonValuesOf } from "./answers.ts";

const ROOT = join(import.meta.dirname, "../..");
const LEFT_OUT = new Set(["node_modules", ".git", ".wrangler", "dist", "coverage"]);

const ANSWERS = new Set(["json", "text"]);

/** Lines that a test cannot run, or that another test does. */
const NOT_RUN = [
  /^npm ci && npm test/, // this is part of it
  /^npm run demo/, // story.test.ts
  /^npx wrangler (login|deploy( |$)(?!--dry-run)|queues|secret)/, // an account
  /^npm run --silent token .*wrangler secret/,
];

interface Block {
  readonly language: string;
  readonly text: string;
}

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
  /** How many answers it shows. */
  readonly answers: number;
}

/** A page of the documentation by its headings of the second level; what comes before the first is called like the page. */
export function sectionsOf(page: string): Section[] {
  const text = readFileSync(join(ROOT, page), "utf8");
  const sections: { title: string; blocks: Block[] }[] = [];
  const lines = /^## (.+)$|^```(\w*)\n([\s\S]*?)^```$/gm;
  for (const [, title, language, code] of [["", page], ...text.matchAll(lines)] as string[][]) {
    if (title !== undefined) sections.push({ title, blocks: [] });
    else sections.at(-1)?.blocks.push({ language: language ?? "", text: code ?? "" });
  }
  return sections
    .filter(({ blocks }) => blocks.length > 0)
    .map((section) => ({ ...section, answers: section.blocks.filter(({ language }) => ANSWERS.has(language)).length }));
}

/** A process that goes on, with what it prints. */
interface Running {
  readonly child: ChildProcess;
  output: string;
}

export class Reader {
  readonly folder = join(temporaryFolder(), "headspring");
  readonly #same = new Correspondence();
  readonly #running: Running[] = [];
  #store: Running | undefined;
  /** What the last command has printed, until it is compared. */
  #printed: string | undefined;

  static async sitsDown(): Promise<Reader> {
    const reader = new Reader();
    cpSync(ROOT, reader.folder, { recursive: true, filter: (path) => !LEFT_OUT.has(relative(ROOT, path).split("/").at(-1) ?? "") });
    symlinkSync(join(ROOT, "node_modules"), join(reader.folder, "node_modules"));
    for (const port of [8787, 9000]) reader.#same.port(port, await freePort());
    return reader;
  }

  /** Where the store is that the page calls `localhost:8787`. */
  get url(): string {
    return `http://127.0.0.1:${this.#same.portFor(8787)}`;
  }

  /** @returns how many answers were as the page shows them */
  async follow({ blocks }: Pick<Section, "blocks">): Promise<number> {
    let answers = 0;
    for (const { language, text } of blocks) {
      const [first = ""] = text.split("\n", 1);
      const [, file] = /^(?:\/\/|#) ([\w./-]+\.\w+)$/.exec(first) ?? [];
      if (file !== undefined) await this.#change(file, () => this.#same.toReal(text));
      else if (language === "diff") await this.#change(first.replace(/^--- /, ""), (before) => changed(before, text));
      else if (language === "sh") await this.#run(text);
      else if (language === "json" || language === "text") {
        await this.#compare(language, text);
        answers++;
      } else if (language !== "") throw new Error(`nobody knows what to do with this ${language} block:\n${text}`);
    }
    return answers;
  }

  /** The compiler's messages about these files, and about what they import. */
  async compile(files: readonly string[]): Promise<string> {
    const config = { extends: "./tsconfig.json", include: ["worker-configuration.d.ts", ...files] };
    writeFileSync(join(this.folder, "tsconfig.followed.json"), JSON.stringify(config));
    const compiler = this.#spawn("tsc", ["--pretty", "false", "-p", "tsconfig.followed.json"]);
    await once(compiler.child, "close");
    return compiler.output;
  }

  async leaves(): Promise<void> {
    await Promise.all([...this.#running, this.#store].map(stopped));
    rmSync(dirname(this.folder), { recursive: true, maxRetries: 10 });
  }

  /** Writes a file. A store that runs takes a changed one over by itself: the reader waits until it has. */
  async #change(file: string, change: (before: string) => string): Promise<void> {
    const path = join(this.folder, file);
    mkdirSync(dirname(path), { recursive: true });
    const before = readIfThere(path);
    const store = this.#store;
    const from = store?.output.length ?? 0;
    writeFileSync(path, change(before));
    if (before === "" || !store) return;
    await until("the store with the changed code", () => /Local server updated and ready/.exec(store.output.slice(from)) ?? undefined);
  }

  async #run(text: string): Promise<void> {
    this.#printed = undefined;
    if (/^npm( ci && npm)? start/m.test(text)) await this.#start();
    const script = text
      .split("\n")
      .filter((line) => !/^npm( ci && npm)? start/.test(line) && NOT_RUN.every((pattern) => !pattern.test(line)))
      .join("\n");
    if (script.trim() === "") return;
    // Without --norc: a bash whose input is a socket, as here, and that no shell has started runs /etc/bash.bashrc, which may print.
    const process = this.#spawn("bash", ["--norc", "-euo", "pipefail", "-c", this.#same.toReal(script)]);
    if (/^curl -\w*N/m.test(script)) return void this.#running.push(process);
    if (script.startsWith("# in another terminal")) {
      this.#running.push(process);
      await until("a receiver", async () => ((await isFree(this.#same.portFor(9000))) ? undefined : true));
      return;
    }
    const [code] = (await once(process.child, "close")) as [number];
    if (code !== 0) throw new Error(`exit code ${code} of\n${script}\n${process.output}`);
    this.#printed = process.output === "" ? undefined : process.output;
  }

  async #start(): Promise<void> {
    // Another test may have taken it since he sat down.
    if (!(await isFree(this.#same.portFor(8787)))) this.#same.port(8787, await freePort());
    const port = String(this.#same.portFor(8787));
    const env = { PORT: port, WRANGLER_LOG: "log", npm_lifecycle_event: undefined };
    const store = (this.#store = this.#spawn(
      process.execPath,
      ["src/cli/main.ts", "dev", "--var=SHIPPING_URL", "--var=SHIPPING_SECRET"],
      env,
    ));
    await until("npm start", () => {
      if (store.child.exitCode !== null) throw new Error(`npm start has ended:\n${store.output}`);
      return store.output.includes("Headspring listens") || undefined;
    });
  }

  async #compare(language: "json" | "text", text: string): Promise<void> {
    const printed = this.#printed;
    this.#printed = undefined;
    if (language === "json") return this.#same.values(jsonValuesOf(text), jsonValuesOf(printed ?? "nothing was run"));
    if (printed !== undefined) return this.#same.text(text, printed);
    const other = this.#running.at(-1);
    if (!other) throw new Error(`nothing was run that could have printed\n${text}`);
    const linesOf = (output: string) => output.split("\n").filter((line) => line !== "" && !line.startsWith(":"));
    const { length } = linesOf(text);
    await until(`${length} lines in the other terminal`, () => linesOf(other.output).length >= length || undefined);
    this.#same.text(linesOf(text).join("\n"), linesOf(other.output).slice(0, length).join("\n"));
    other.output = "";
  }

  #spawn(command: string, args: readonly string[], env: Record<string, string | undefined> = {}): Running {
    const path = `${join(ROOT, "node_modules/.bin")}:${process.env.PATH}`;
    const child = spawn(command, args, {
      cwd: this.folder,
      detached: true,
      env: { ...process.env, PATH: path, PYTHONUNBUFFERED: "1", FORCE_COLOR: "0", ...env },
    });
    const running: Running = { child, output: "" };
    for (const from of [child.stdout, child.stderr]) from?.setEncoding("utf8").on("data", (text: string) => (running.output += text));
    return running;
  }
}

async function stopped(running: Running | undefined): Promise<void> {
  if (running?.child.pid === undefined || running.child.exitCode !== null || running.child.signalCode !== null) return;
  const ended = once(running.child, "exit");
  // All that it has started: npm start ends its own in order, a shell does not.
  process.kill(-running.child.pid, "SIGTERM");
  await ended;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** The file with this change. Each part between `…` replaces what must be there exactly once. */
function changed(before: string, diff: string): string {
  const parts = diff
    .split("\n")
    .slice(1)
    .join("\n")
    .split(/^ ?…\n/m);
  return parts.reduce((text, part) => {
    const lines = part.replace(/\n$/, "").split("\n");
    const side = (sign: string) =>
      lines
        .filter((line) => !line.startsWith(sign))
        .map((line) => `${line.slice(1)}\n`)
        .join("");
    const old = side("+");
    if (old === "") return side("-") + text;
    if (text.split(old).length !== 2) throw new Error(`this is not there exactly once:\n${old}\nin\n${text}`);
    return text.replace(old, () => side("-"));
  }, before);
}
