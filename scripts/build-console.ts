/**
 * `npm run build:console`: the console's page, from `console/`, as one script and one style that the worker has in itself: `src/http/console/built.ts`,
 * which is not in the repository. `npm ci`, `npm start`, the package's build and the tests of the console run it.
 */

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const ROOT = join(import.meta.dirname, "..");
const BUILT = join(ROOT, "src/http/console/built.ts");

/** A file of the page, as it is sent. */
interface PageFile {
  readonly name: string;
  readonly gzipped: Buffer;
}

/** Builds the page. @returns bytes of script and style together, gzipped */
export async function buildConsole(): Promise<number> {
  const { script, style } = await bundle();
  const files = { script: named(script, "js"), style: named(style, "css") };
  const text = `/** Made by \`npm run build:console\`: the console's script and style, gzipped, in base64. */

export const SCRIPT = { name: "${files.script.name}", gzipped: "${files.script.gzipped.toString("base64")}" };
export const STYLE = { name: "${files.style.name}", gzipped: "${files.style.gzipped.toString("base64")}" };
`;
  // Untouched where nothing has changed: programs that watch the sources would begin again.
  if (!existsSync(BUILT) || readFileSync(BUILT, "utf8") !== text) writeFileSync(BUILT, text);
  return files.script.gzipped.length + files.style.gzipped.length;
}

async function bundle(): Promise<{ script: string; style: string }> {
  const built = await build({
    configFile: false,
    root: join(ROOT, "console"),
    logLevel: "warn",
    resolve: { alias: { "headspring/client": join(ROOT, "src/client/index.ts") } },
    oxc: { jsx: { runtime: "automatic", importSource: "preact", development: false } },
    build: {
      write: false,
      target: "es2023",
      cssTarget: "chrome123", // the first with `light-dark()`; Firefox 120 and Safari 17.5 have it, too
      modulePreload: false,
      cssCodeSplit: false,
      rollupOptions: { input: join(ROOT, "console/main.tsx") },
    },
  });
  if (!("output" in built)) throw new Error("the build has not ended in one output");
  const scripts = built.output.flatMap((file) => (file.type === "chunk" ? file.code : []));
  const styles = built.output.flatMap((file) => (file.type === "asset" && file.fileName.endsWith(".css") ? file.source.toString() : []));
  if (scripts.length !== 1 || styles.length !== 1 || built.output.length !== 2)
    throw new Error(`the page is one script and one style, not ${built.output.map(({ fileName }) => fileName).join(", ")}`);
  return { script: scripts[0]!, style: styles[0]! };
}

/** Named by its content, so that a browser may keep it for good. */
function named(content: string, extension: string): PageFile {
  const hash = createHash("sha256").update(content).digest("base64url").slice(0, 12);
  return { name: `console-${hash}.${extension}`, gzipped: gzipSync(content, { level: 9 }) };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await buildConsole();
