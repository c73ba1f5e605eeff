/** The templates: which there are, and their files with the project's name filled in. scripts/build-create.ts puts them into `dist`. */

import { readFileSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";

const FOLDER = join(import.meta.dirname, "templates");

/** In the order in which they are offered. */
export const TEMPLATES = {
  empty: "one aggregate with its view and its tests, to make your own of",
  shop: "orders, stock and payments: every kind of part, and a saga",
  web: "like empty, with a page in React that shows the rows live",
} as const;

export type Template = keyof typeof TEMPLATES;

export function isTemplate(name: string): name is Template {
  return Object.hasOwn(TEMPLATES, name);
}

export interface Filling {
  readonly name: string;
  /** What `npm install` is asked for: a range of versions, or another place that it takes. */
  readonly headspring: string;
}

/** A template's files: their paths in the project, and their content. */
export function filesOf(template: Template, filling: Filling): Map<string, string> {
  const folder = join(FOLDER, template);
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted();
  return new Map(paths.map((path) => [nameInProject(path), filled(readFileSync(join(folder, path), "utf8"), filling)]));
}

/** npm does not pack `.gitignore` and `.npmrc`, and reads them where it finds them. So they have other names here. */
function nameInProject(path: string): string {
  return path
    .split(sep)
    .map((part) => part.replace(/^dot-/, "."))
    .join(sep);
}

function filled(content: string, { name, headspring }: Filling): string {
  return content.replaceAll("{{name}}", name).replaceAll("{{headspring}}", () => headspring);
}
