/** A client is generated from the document, and a program that uses it compiles. */

import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it, vi } from "vitest";
import { openApiOf } from "../../src/http/openapi/document.ts";
import { app } from "../workers/app.ts";

// The document needs the app's declarations, and nothing of the runtime that other parts of it run in.
vi.mock("cloudflare:workers", () => ({ DurableObject: Object, env: {}, exports: {}, tracing: {} }));

const CLIENT = join(import.meta.dirname, "../openapi-client");
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "openapi-client-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The compiler's messages about a program next to the generated client; empty: none. */
async function compile(program: string): Promise<string> {
  const options = ["--noEmit", "--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"];
  const all = [...options, "--allowImportingTsExtensions", "--skipLibCheck", "false", program];
  try {
    await run(process.execPath, [join(CLIENT, "node_modules/typescript/bin/tsc"), ...all], { cwd: folder });
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

describe("a client that openapi-typescript generates", () => {
  it("can be used for every purpose, and its types find mistakes", async () => {
    writeFileSync(join(folder, "openapi.json"), JSON.stringify(openApiOf(app)));
    const generator = join(CLIENT, "node_modules/openapi-typescript/bin/cli.js");
    await run(process.execPath, [generator, "openapi.json", "-o", "generated.ts"], { cwd: folder });
    copyFileSync(join(CLIENT, "program.ts"), join(folder, "program.ts"));
    expect(await compile("program.ts")).toBe("");
  }, 60_000);
});
