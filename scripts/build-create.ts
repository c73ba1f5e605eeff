/**
 * The build of create-headspring: `create/dist`, or a folder whose path is given, with the program compiled from `create/src`, and the templates.
 *
 * A template is what all have in common (`create/templates/common`), what it has from another one, and its own files. The shop's definitions and their tests are this
 * repository's, so that there is one shop. Versions are those that this repository is tested with.
 */

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

interface Manifest {
  readonly version: string;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const ROOT = join(import.meta.dirname, "..");
const CREATE = join(ROOT, "create");
const DIST = resolve(process.argv[2] ?? join(CREATE, "dist"));
const TEMPLATES = join(DIST, "templates");
/** What each template is made of, besides what all have in common: a later folder's file replaces an earlier one's. */
const LAYERS = { empty: ["empty"], shop: ["shop"], web: ["empty", "web"] };
/** The shop's tests that need no more than the package. */
const SHOP_TESTS = ["order", "product", "fulfilment", "views", "checkout"].map((name) => `test/unit/shop/${name}.test.ts`);

const ours = manifestIn(ROOT);
if (manifestIn(CREATE).version !== ours.version) throw new Error("headspring and create-headspring are released under one version");

rmSync(DIST, { recursive: true, force: true });
const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", CREATE, "--outDir", DIST], { stdio: "inherit" });
if (status !== 0) process.exit(1);

for (const [template, layers] of Object.entries(LAYERS)) {
  const folder = join(TEMPLATES, template);
  for (const from of ["common", ...layers]) cpSync(join(CREATE, "templates", from), folder, { recursive: true });
  // What a page adds to the configuration.
  const [config, page] = [join(folder, "wrangler.jsonc"), join(folder, "page.txt")];
  writeFileSync(config, readFileSync(config, "utf8").replace("  // {{page}}\n", existsSync(page) ? readFileSync(page, "utf8") : ""));
  rmSync(page, { force: true });
}
copy(globSync("src/shop/*.ts", { cwd: ROOT }), join(TEMPLATES, "shop/src"));
copy(SHOP_TESTS, join(TEMPLATES, "shop/test"));

for (const path of globSync("**/*", { cwd: TEMPLATES, withFileTypes: true }).filter((entry) => entry.isFile())) {
  const file = join(path.parentPath, path.name);
  writeFileSync(file, filled(readFileSync(file, "utf8"), file));
}

function manifestIn(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/** Copies modules of the shop out of the repository, into a project. */
function copy(paths: readonly string[], folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const path of paths) writeFileSync(join(folder, basename(path)), ofAProject(readFileSync(join(ROOT, path), "utf8"), path));
}

function ofAProject(code: string, path: string): string {
  const moved = code
    .replace(/^\/\/ oxlint-disable .*\n/, "")
    .replaceAll('"../../../src/shop/', '"../src/')
    .replace("export const shop = ", "export const app = ");
  const left = /"\.\.\/(?!src\/)[^"]*"/.exec(moved);
  if (left !== null) throw new Error(`${path} imports ${left[0]}, which a project does not have`);
  return moved;
}

/** What the generator does not know: versions, and the date whose behaviour of the platform the code is tested with. */
function filled(content: string, file: string): string {
  return content.replaceAll(/\{\{(peer|version|installed|compatibility) ([^}]+)\}\}/g, (_all, kind: string, what: string) => {
    const value = valueOf(kind, what);
    if (value === undefined) throw new Error(`${dirname(file)} asks for the ${kind} of ${what}, which this repository does not have`);
    return value;
  });
}

function valueOf(kind: string, what: string): string | undefined {
  if (kind === "peer") return ours.peerDependencies[what];
  // A tool of our tools.
  if (kind === "installed") return `^${manifestIn(join(ROOT, "node_modules", what)).version}`;
  if (kind === "version") return ours.devDependencies[what] && `^${ours.devDependencies[what]}`;
  return /^compatibility_date = "(.+)"$/m.exec(readFileSync(join(ROOT, "wrangler.toml"), "utf8"))?.[1];
}
