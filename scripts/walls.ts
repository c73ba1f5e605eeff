/**
 * The house, floor by floor, and the lint rule that keeps it: a file imports from its own folder and from the floors below, by value or
 * by type. Folders of one floor do not know each other. A folder that is not in the list is an app: it imports the public index only,
 * and only the worker imports it.
 *
 * A second rule keeps the seam of definitions: only the floor of definitions looks into an app.
 */

import { dirname, relative, resolve } from "node:path";

/** From the ground up. Files at the root of `src` have a floor, too. */
export const FLOORS: readonly (readonly string[])[] = [
  ["core"],
  ["telemetry", "schemas"],
  ["definitions"],
  ["store"],
  ["consumers"],
  ["deliveries", "rows"],
  ["streams", "log", "views", "processors", "webhooks", "catalog", "sources"],
  ["operations"],
  ["http", "local"],
  ["index.ts", "runtime.ts", "testing", "client"],
  ["react", "cli"],
  ["shop"],
  ["worker.ts"],
];

/** The client takes types only: none of the store's code is part of a page. The shop and its worker are written like a user's. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  client: ["definitions", "core"],
  react: ["client"],
  shop: ["headspring"],
  "worker.ts": ["headspring/runtime", "shop"],
};

const SOURCES = resolve(import.meta.dirname, "../src");
/** The console's page is a client like any other. */
const CONSOLE = resolve(import.meta.dirname, "../console");
/** What it shares with the store, besides the client: the tables that complete expressions, which import nothing of the engine. */
const SHARED_WITH_CONSOLE = /^definitions\/expressions\/complet(?:e|ions)\.ts$/;

/** The part of the house that a file belongs to; undefined: it is outside. */
function partOf(file: string): string | undefined {
  return isInside(SOURCES, file) ? relative(SOURCES, file).split("/")[0] : undefined;
}

function isListed(part: string): boolean {
  return FLOORS.some((floor) => floor.includes(part));
}

/**
 * Why a file may not import another; undefined: it may.
 *
 * @param from the importing file, an absolute path
 * @param specifier as the file has it
 */
export function whyNot(from: string, specifier: string): string | undefined {
  const isOurs = /^headspring(?:\/|$)/.test(specifier);
  if (!isOurs && !specifier.startsWith(".")) return undefined;
  if (isInside(CONSOLE, from)) return whyNotConsole(from, specifier);
  const own = partOf(from);
  const other = isOurs ? specifier : partOf(resolve(dirname(from), specifier));
  if (own === undefined || other === undefined || own === other) return undefined;
  // An app of one's own: as the shop.
  if (other === "headspring" && !isListed(own)) return undefined;
  if (own === "worker.ts" && !isOurs && !isListed(other)) return undefined;
  const only = ONLY[own];
  if (only && !only.includes(other)) return `${own} imports from ${only.join(" and ")} only, not from ${other}`;
  const [mine, its] = [own, other].map((part) => FLOORS.findIndex((floor) => floor.includes(part)));
  if (mine === -1 && other === "index.ts") return `${own} is an app: it imports "headspring", as in a project of its own`;
  if (mine === -1) return `${own} has no floor yet: add it to the list in scripts/walls.ts`;
  if (isOurs) return only ? undefined : `${own} is part of the package: it imports files, not ${other}`;
  if (its === -1) return `${other} has no floor yet: add it to the list in scripts/walls.ts`;
  return its! < mine! ? undefined : `${own} must not import from ${other}: only from the floors below it (scripts/walls.ts)`;
}

function whyNotConsole(from: string, specifier: string): string | undefined {
  const path = resolve(dirname(from), specifier);
  const may =
    specifier === "headspring/client" ||
    (specifier.startsWith(".") && isInside(CONSOLE, path)) ||
    SHARED_WITH_CONSOLE.test(relative(SOURCES, path));
  return may ? undefined : `the console imports "headspring/client" and its own files only, not ${specifier}`;
}

function isInside(folder: string, path: string): boolean {
  return !relative(folder, path).startsWith("..");
}

const DEFINITIONS: ReadonlySet<string> = new Set(["aggregates", "categories", "views", "processors", "webhooks", "sources", "sourceKinds"]);

interface Node {
  readonly type?: string;
  readonly name?: unknown;
}

interface Member extends Node {
  readonly object?: Member;
  readonly property?: Node;
}

/** Why a file may not look up a definition in an `app`, as in `store.app.views`; undefined: it does not, or may. */
export function whyNotLookUp(file: string, { object, property }: Member): string | undefined {
  const named = object?.type === "MemberExpression" ? object.property?.name : object?.name;
  if (named !== "app" || typeof property?.name !== "string" || !DEFINITIONS.has(property.name)) return undefined;
  const own = partOf(file);
  if (own === undefined || own === "definitions") return undefined;
  return `ask \`store.definitions\` (what every store has: \`DefinitionsInCode\`) instead of looking into app.${property.name}: the catalog may have more`;
}

interface Importing {
  readonly source?: { readonly value?: unknown } | null;
}

interface Context {
  readonly filename: string;
  report(problem: { readonly message: string; readonly node: unknown }): void;
}

export default {
  meta: { name: "house" },
  rules: {
    walls: {
      create(context: Context) {
        const check = (node: Importing) => {
          const { value } = node.source ?? {};
          const message = typeof value === "string" ? whyNot(context.filename, value) : undefined;
          if (message !== undefined) context.report({ message, node });
        };
        return {
          ImportDeclaration: check,
          ExportNamedDeclaration: check,
          ExportAllDeclaration: check,
          ImportExpression: check,
          TSImportType: check,
        };
      },
    },
    definitions: {
      create(context: Context) {
        return {
          MemberExpression: (node: Member) => {
            const message = whyNotLookUp(context.filename, node);
            if (message !== undefined) context.report({ message, node });
          },
        };
      },
    },
  },
};
