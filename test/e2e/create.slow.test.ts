/**
 * `npm create headspring` as a stranger gets it: both packages packed, the generator run from its tarball by the machine's own Node, and each
 * project that it writes checked by its own scripts, started, and asked what its README says. It needs the npm registry, so only the long
 * run has it.
 *
 * The tools of the projects (wrangler, the compiler, vitest, Node) are those of this repository, linked: the versions that they ask for.
 */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../scripts/client.ts";
import { freePort } from "../../scripts/dev-server.ts";
import { packCreateInto, packInto } from "../../scripts/pack.ts";
import { strangersEnvironment } from "./stranger.ts";

const MODULES = join(import.meta.dirname, "../../node_modules");
const TOOLS = ["@cloudflare/workers-types", "@types/react", "@types/react-dom", "node", "typescript", "vite", "vitest", "wrangler"];
const COMMANDS = ["node", "tsc", "vite", "vitest", "wrangler"];

/** What a person at a terminal types, key by key, once the program has printed what comes before it. Prints the exit status at last. */
const TERMINAL = `
import fcntl, os, pty, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0: os.execvp(sys.argv[2], sys.argv[2:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
seen, keys = b"", eval(sys.argv[1])
while True:
    try: read = os.read(terminal, 65536)
    except OSError: break
    if not read: break
    seen += read
    if keys and keys[0][0] in seen:
        os.write(terminal, keys.pop(0)[1])
        seen = b""
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/** The answers to the README's calls. */
const TASK = [
  { stream: "task/1", events: [{ type: "TaskAdded" }] },
  { rows: [{ id: "1", title: "Write the first aggregate" }] },
  { stream: "task/1", events: [{ type: "TaskDone" }] },
  { events: [{ type: "TaskAdded" }, { type: "TaskDone" }] },
];
const ANSWERS = {
  empty: TASK,
  web: TASK,
  shop: [
    { stream: "product/apple", events: [{ type: "StockReceived" }] },
    { stream: "order/1", events: [{ type: "OrderPlaced" }] },
    { orderId: "1", lines: [{ sku: "apple", quantity: 2 }] },
    { rows: [{ sku: "apple", available: 8, reserved: 2 }] },
  ],
};
const TEMPLATES = Object.keys(ANSWERS) as (keyof typeof ANSWERS)[];

describe("a project from npm create headspring", () => {
  const folder = mkdtempSync(join(tmpdir(), "headspring-created-"));
  const generator = join(folder, "generator/node_modules/.bin/create-headspring");
  let headspring: string;

  /** Runs a command; what it prints is in the error if it fails. */
  async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
    const done = promisify(execFile)(command, args, { cwd, env: strangersEnvironment(), encoding: "utf8" });
    const { stdout } = await done.catch(({ stdout, stderr, message }: { stdout: string; stderr: string; message: string }) => {
      throw new Error(`${message}\n${stdout}${stderr}`);
    });
    return stdout;
  }
  /** Types into the generator, in a terminal; answers with its exit status. */
  const type = async (keys: string, ...args: string[]) =>
    (await run(folder, "python3", "-c", TERMINAL, keys, "node", generator, ...args)).trim();
  const npm = (project: string, ...args: string[]) => run(project, "npm", ...args);

  beforeAll(async () => {
    headspring = packInto(folder).tarball;
    const create = packCreateInto(folder).tarball;
    mkdirSync(join(folder, "generator"));
    await npm(join(folder, "generator"), "install", "--prefix=.", "--prefer-offline", "--no-audit", "--no-fund", create);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe.each(TEMPLATES)("by the template %s", (template) => {
    const project = join(folder, `my-${template}`);

    beforeAll(async () => {
      await run(folder, "node", generator, `my-${template}`, "--template", template, "--no-install", `--headspring=file:${headspring}`);
      // The project's own `npm install`, without what is linked.
      await npm(project, "install", "--omit=dev", "--prefer-offline", "--no-audit", "--no-fund");
      for (const path of [...TOOLS, ...COMMANDS.map((name) => `.bin/${name}`)]) {
        const place = join(project, "node_modules", path);
        mkdirSync(join(place, ".."), { recursive: true });
        rmSync(place, { force: true });
        symlinkSync(join(MODULES, path), place);
      }
    });

    it("compiles, and its tests are green", async () => {
      await npm(project, "run", "check");
      expect(await npm(project, "test")).toMatch(/Tests .*[1-9]\d* passed/);
    });

    it.each([
      ["stricter ones", { exactOptionalPropertyTypes: true, noPropertyAccessFromIndexSignature: true }],
      ["declarations", { declaration: true, noEmit: false, emitDeclarationOnly: true, outDir: "node_modules/.declared" }],
    ])("compiles with other compiler settings, too: %s", async (_what, compilerOptions) => {
      writeFileSync(join(project, "tsconfig.tried.json"), JSON.stringify({ extends: "./tsconfig.json", compilerOptions }));
      expect(await npm(project, "exec", "--", "tsc", "-p", "tsconfig.tried.json")).toBe("");
      rmSync(join(project, "tsconfig.tried.json"));
    });

    it("can be deployed under its name, with a bundle that has nothing of this repository", async () => {
      const said = await npm(project, "run", "deploy", "--", "--dry-run", "--outdir=bundle");
      expect(said).toContain(`env.WAKE_UPS (my-${template}-wake-ups)`);
      expect(said).not.toContain("WARNING");
      expect(readFileSync(join(project, "bundle/worker.js"), "utf8")).not.toContain(join(MODULES, ".."));
    });

    it("has the command line, which finds nothing to fix, and makes the token of the first deployment", async () => {
      await npm(project, "exec", "--", "headspring", "doctor");
      const list = await npm(project, "exec", "--", "headspring", "token", "--name=me", "--rights=read,write,admin");
      expect(JSON.parse(list)).toMatchObject([{ name: "me", rights: ["read", "write", "admin"] }]);
    });

    it("has nothing left to fill in, and keeps out of Git what is not to be committed", () => {
      const texts = readdirSync(project, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !/node_modules|bundle/.test(entry.parentPath))
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
      expect(texts.filter((text) => text.includes("{{"))).toEqual([]);
      expect(readFileSync(join(project, ".gitignore"), "utf8")).toMatch(/^\.dev\.vars\*$/m);
      expect(existsSync(join(project, ".npmrc"))).toBe(true);
    });

    it("starts with npm start, and answers its README's calls", async () => {
      const port = await freePort();
      const started = new Started(project, port);
      try {
        await until(
          "npm start to answer",
          () => {
            if (started.child.exitCode !== null) throw new Error(`npm start has ended:\n${started.output}`);
            return started.output.includes("describes every call") || undefined;
          },
          60_000,
        );
        // The app's own first calls.
        expect(started.output).toContain(
          `curl -s localhost:${port}/aggregates/${template === "shop" ? "product/1/ReceiveStock" : "task/1/AddTask"}`,
        );
        const calls = [...readFileSync(join(project, "README.md"), "utf8").matchAll(/^curl -s .*$/gm)].map(([call]) => call);
        const answers: unknown[] = [];
        for (const call of calls) {
          // The README's reader is slower than a view.
          const patient = call.replace("localhost:8787", `127.0.0.1:${port}`).replace(/views\/[a-z-]+(?= |$)/, "$&?consistency=strong");
          answers.push(JSON.parse(await run(project, "sh", "-c", patient)));
        }
        expect(answers).toMatchObject(ANSWERS[template]);
        if (template === "web") expect(await tasksInPage(`http://127.0.0.1:${port}`)).toEqual(["from outside", "from the page"]);
      } finally {
        await started.stop();
      }
    });
  });

  it("is created after two questions, and Ctrl-C leaves nothing behind", async () => {
    const [name, template, ctrlC] = [String.raw`(b"called", b"asked\r")`, `b"begin with"`, String.raw`b"\x03"`];
    expect(await type(`[(b"called", ${ctrlC})]`)).toBe("130");
    expect(await type(`[${name}, (${template}, ${ctrlC})]`)).toBe("130");
    expect(existsSync(join(folder, "asked"))).toBe(false);
    expect(await type(String.raw`[${name}, (${template}, b"\r")]`, "--no-install")).toBe("0");
    expect(existsSync(join(folder, "asked/src/task.ts"))).toBe(true);
  });

  it("is not created where a question has nobody to answer it, nor over another one", async () => {
    await expect(run(folder, "node", generator, "unasked")).rejects.toThrow("there is nobody to ask");
    await expect(run(folder, "node", generator, "generator", "-t", "shop")).rejects.toThrow("is not empty");
    await expect(run(folder, "node", generator, "unasked", "-t", "web2")).rejects.toThrow('there is no template "web2"');
    expect(existsSync(join(folder, "unasked"))).toBe(false);
  });
});

/** Adds a task to the store and one in the page, which then shows both. */
async function tasksInPage(url: string): Promise<string[]> {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(url);
    await page.getByText("0 open tasks").waitFor();
    await fetch(`${url}/aggregates/task/outside/AddTask`, { method: "POST", body: JSON.stringify({ title: "from outside" }) });
    await page.getByText("1 open tasks").waitFor();
    await page.getByLabel("title").fill("from the page");
    await page.getByText("add", { exact: true }).click();
    await page.getByText("2 open tasks").waitFor();
    const tasks = await page.getByRole("listitem").allTextContents();
    return tasks.map((task) => task.replace(/ done$/, "")).toSorted();
  } finally {
    await browser.close();
  }
}

/** `npm start` of a project, with everything that it starts. */
class Started {
  readonly child: ChildProcess;
  output = "";
  readonly #exit: Promise<unknown>;
  readonly #kill = () => this.#signal("SIGKILL");

  constructor(cwd: string, port: number) {
    const args = ["start", "--", `--port=${port}`, "--ip=127.0.0.1", "--inspector-port=0"];
    this.child = spawn("npm", args, { cwd, env: strangersEnvironment(), detached: true, stdio: ["ignore", "pipe", "pipe"] });
    this.#exit = once(this.child, "exit");
    for (const from of [this.child.stdout, this.child.stderr])
      from?.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    process.on("exit", this.#kill);
  }

  async stop(): Promise<void> {
    this.#signal("SIGTERM");
    await this.#exit;
    this.#kill();
    process.off("exit", this.#kill);
  }

  #signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.child.pid!, signal);
    } catch {
      // Nothing of it runs any more.
    }
  }
}
