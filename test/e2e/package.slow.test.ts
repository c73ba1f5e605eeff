/**
 * The package as a stranger gets it: packed, installed from the tarball into a project of its own (test/package/project), compiled under the
 * project's own settings, tested, bundled, started, and upgraded. It needs the npm registry, so only the long run has it.
 *
 * The project's zod and hono are the oldest that the package accepts; everything else runs with those that this repository pins. Its tools
 * (wrangler, the compiler, vitest) are those of this repository, linked: installing them again would show nothing of the package.
 */

import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DevServer, freePort } from "../../scripts/dev-server.ts";
import { packAsItIs, packInto } from "../../scripts/pack.ts";
import { strangersEnvironment } from "./stranger.ts";

const ROOT = join(import.meta.dirname, "../..");
const MODULES = join(ROOT, "node_modules");
const TOOLS = ["wrangler", "typescript", "vitest", "@cloudflare/workers-types"];

/** How a stranger's compiler may be set. `strict` is the project's own. */
const SETTINGS: readonly [name: string, settings: object][] = [
  ["strict alone", {}],
  [
    "exactOptionalPropertyTypes and noPropertyAccessFromIndexSignature",
    { exactOptionalPropertyTypes: true, noPropertyAccessFromIndexSignature: true },
  ],
  ["declaration", { declaration: true, noEmit: false, emitDeclarationOnly: true, outDir: "declared" }],
];

describe("the package in a user's project", () => {
  const folder = mkdtempSync(join(tmpdir(), "headspring-stranger-"));
  const project = join(folder, "meeting-rooms");
  const ours = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { peerDependencies: Record<string, string> };
  let server: DevServer | undefined;

  /** Runs a command in the project; what it prints is in the error if it fails. */
  async function run(command: string, ...args: string[]): Promise<string> {
    const done = promisify(execFile)(command, args, { cwd: project, env: strangersEnvironment(), encoding: "utf8" });
    const { stdout } = await done.catch(({ stdout, stderr, message }: { stdout: string; stderr: string; message: string }) => {
      throw new Error(`${message}\n${stdout}${stderr}`);
    });
    return stdout;
  }
  const tool = (path: string, ...args: string[]) => run(process.execPath, join(project, "node_modules", path), ...args);
  const compile = (settings: object) => {
    writeFileSync(join(project, "tsconfig.tried.json"), JSON.stringify({ extends: "./tsconfig.json", compilerOptions: settings }));
    return tool("typescript/bin/tsc", "-p", "tsconfig.tried.json");
  };
  const generateTypes = (name: string) => tool("wrangler/bin/wrangler.js", "types", "--include-runtime=false", `--env-interface=${name}`);

  async function install(tarball: string): Promise<void> {
    await run("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", tarball);
    for (const name of TOOLS) {
      const place = join(project, "node_modules", name);
      mkdirSync(join(place, ".."), { recursive: true });
      rmSync(place, { force: true });
      symlinkSync(join(MODULES, name), place);
    }
  }

  async function start(port: number): Promise<DevServer> {
    let output = "";
    const started = new DevServer({ port, project, persistTo: join(folder, "state"), output: (text) => (output += text) });
    await started.listening().catch((error: Error) => {
      throw new Error(`${error.message}. It said:\n${output}`);
    });
    return started;
  }

  beforeAll(async () => {
    cpSync(join(ROOT, "test/package/project"), project, { recursive: true });
    const dependencies = Object.fromEntries(Object.entries(ours.peerDependencies).map(([name, range]) => [name, range.replace("^", "")]));
    const manifest = { name: "meeting-rooms", version: "1.0.0", private: true, type: "module", dependencies };
    writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
    await install(packInto(folder).tarball);
    await generateTypes("Env");
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(SETTINGS)("compiles with %s, and the declarations are checked", async (_name, settings) => {
    expect(await compile({ skipLibCheck: false, ...settings })).toBe("");
  });

  it("compiles with another name for `Env`", async () => {
    await generateTypes("Bindings");
    expect(await compile({ skipLibCheck: false })).toBe("");
  });

  it("loads its definitions, their tests and its client in plain Node: in this one and in the machine's own", async () => {
    const program = 'for (const part of ["", "/testing", "/client"]) await import(`headspring${part}`);';
    for (const node of [process.execPath, "node"]) {
      await run(node, "--input-type=module", "--eval", program);
      expect(await run(node, "node_modules/vitest/vitest.mjs", "run", "--globals")).toContain("3 passed");
    }
  });

  it("has the command `headspring`, which runs in this Node and the machine's own, and finds what the project lacks", async () => {
    for (const node of [process.execPath, "node"]) {
      const headspring = (...args: string[]) => run(node, "node_modules/.bin/headspring", ...args);
      expect(await headspring("token", "--name", "me", "--rights", "read")).toMatch(/^\[\{"name":"me"/);
      // Its local settings are where they would be deployed.
      await expect(headspring("doctor", "--json")).rejects.toThrow(/\n\{"code":"deployment-open",[^\n]*\}\n$/);
    }
  });

  it("is bundled for a deployment", async () => {
    expect(await tool("wrangler/bin/wrangler.js", "deploy", "--dry-run", "--outdir=bundle")).toContain("env.STREAMS (StreamObject)");
    // Nothing of the repository, which has a zod of its own, came in.
    expect(readFileSync(join(project, "bundle/worker.js"), "utf8")).not.toContain(ROOT);
  });

  it("accepts a command and answers from a view, and a newer version goes on with the stored data", async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const post = (path: string, body: object) => fetch(url + path, { method: "POST", body: JSON.stringify(body) });
    const bookings = async () => (await fetch(`${url}/views/bookings/1?consistency=strong`, { headers: { prefer: "wait=30" } })).json();
    const versionOf = async () => (await (await fetch(`${url}/openapi.json`)).json<{ info: { version: string } }>()).info.version;

    server = await start(port);
    expect((await post("/aggregates/room/1/Book", { by: "Ada", day: "monday" })).status).toBe(200);
    expect(await bookings()).toMatchObject({ id: "1", days: 1, last: "monday" });
    const first = await versionOf();
    await server.stop();

    await install(newerVersion());
    server = await start(port);
    expect(await versionOf()).not.toBe(first);
    expect(await bookings()).toMatchObject({ id: "1", days: 1, last: "monday" });
    expect(await (await post("/aggregates/room/1/Book", { by: "another guest", day: "monday" })).json()).toMatchObject({
      reason: "already-booked",
    });
    expect((await post("/aggregates/room/1/Book", { by: "another guest", day: "tuesday" })).status).toBe(200);
    expect(await bookings()).toMatchObject({ id: "1", days: 2, last: "tuesday" });
  });

  /** The same package as if it were released later. */
  function newerVersion(): string {
    const unpacked = join(folder, "newer");
    cpSync(join(project, "node_modules/headspring"), unpacked, { recursive: true });
    const manifest = JSON.parse(readFileSync(join(unpacked, "package.json"), "utf8")) as object;
    writeFileSync(join(unpacked, "package.json"), JSON.stringify({ ...manifest, version: "0.9.0" }));
    return packAsItIs(folder, unpacked).tarball;
  }
});
