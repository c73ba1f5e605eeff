/** What the worker's own file exports, as far as its text shows, and the exports that it lacks. */

/** The names that a module exports; undefined: it passes on another module's, so they cannot be known from its text. */
export function exportsOf(source: string): ReadonlySet<string> | undefined {
  const code = withoutComments(source);
  if (/\bexport\s*\*\s*from\b/.test(code)) return undefined;
  const lists = [...code.matchAll(/\bexport\s+(?:(?:const|let|var)\s*)?\{([^}]*)\}/g)].flatMap(([, list = ""]) => list.split(","));
  const listed = lists.map(
    (one) =>
      one
        .split(/\bas\b|:/)
        .at(-1)!
        .split("=")[0]!,
  );
  const single = [...code.matchAll(/\bexport\s+(?:abstract\s+)?(?:class|const|let|var|function)\s+([\w$]+)/g)].map(([, name = ""]) => name);
  return new Set([...listed, ...single].map((name) => name.trim()).filter((name) => name !== ""));
}

/** Whether the worker only answers queries. */
export function isOfQueries(source: string): boolean {
  return /\bcreateQueryWorker\s*(?:<[^>]*>)?\(/.test(withoutComments(source));
}

/** The module with the store's classes exported; undefined: it is not written in a way that we could change. */
export function withExports(source: string, classes: readonly string[]): string | undefined {
  const names = classes.join(", ");
  const some = /(\bexport\s+const\s*\{\s*)([^}]*?)(,?\s*\}\s*=\s*objects\s*\()/;
  if (some.test(source)) return source.replace(some, (_all, open: string, list: string, rest: string) => `${open}${list}, ${names}${rest}`);
  const [, app] = /\bcreateWorker\s*(?:<[^>]*>)?\(\s*([\w$]+)/.exec(source) ?? [];
  const imported = /(\bimport\s*\{)([^}]*?)(,?\s*\}\s*from\s*["']headspring\/runtime["'])/;
  if (app === undefined || !imported.test(source)) return undefined;
  const importing = source.replace(imported, (all: string, open: string, list: string, rest: string) =>
    /\bobjects\b/.test(list) ? all : `${open}${list}, objects${rest}`,
  );
  return `${importing.trimEnd()}\nexport const { ${names} } = objects(${app});\n`;
}

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\/|(?<![:"'`])\/\/.*$/gm, "");
}
