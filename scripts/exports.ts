/** What the package exports, with the doc comments: for the page that lists it, and for the test of that page. */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

export interface Exported {
  readonly name: string;
  readonly entry: string;
  /** The comment that stands above it in its entry. */
  readonly group: string;
  /** Empty: its declaration was not found. */
  readonly kind: string;
  /** Without the signs of a comment. */
  readonly doc: string;
  readonly examples: readonly string[];
}

/** The exports of an entry, in its order. */
export function exportsOf(entry: string): Exported[] {
  const text = readFileSync(join(ROOT, entry), "utf8");
  const found: Exported[] = [];
  let group = "";
  const pattern =
    /^\/\/ (.+)$|^export (?:async )?(?:function|const|interface|type|class) (\w+)|^export (?:type )?\{([^}]*)\} from "([^"]+)"/gm;
  for (const [, comment, own, names, from] of text.matchAll(pattern)) {
    if (comment !== undefined) group = comment;
    else if (own !== undefined) found.push({ name: own, entry, group, ...documented(own, entry) });
    else
      for (const name of (names ?? "").split(",").map((one) => one.trim().replace(/^type /, "")))
        if (name !== "") found.push({ name, entry, group, ...documented(name, join(dirname(entry), from ?? "")) });
  }
  return found;
}

function documented(name: string, file: string): Pick<Exported, "kind" | "doc" | "examples"> {
  const text = readFileSync(join(ROOT, file), "utf8");
  const declaration = String.raw`((?:/\*\*(?:(?!\*/)[\s\S])*\*/\n)?)export (?:async )?(function|const|class|interface|type) ${name}\b`;
  const [, doc = "", kind = ""] = new RegExp(declaration).exec(text) ?? [];
  const lines = doc
    .replace(/^\/\*\*|\*\/\s*$/g, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""));
  const sections = lines.join("\n").split(/^(?=@)/m);
  const examples = sections.filter((section) => section.startsWith("@example")).map((section) => section.slice("@example".length).trim());
  return { kind, doc: lines.join("\n").trim(), examples };
}
