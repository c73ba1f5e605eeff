/** What no test in Node or in workerd runs, compared with the list of docs/coverage.md, which gives each of them its reason. */

/** Istanbul's counts of one file, as `coverage-final.json` has them. Lines count from 1, columns from 0. */
export interface FileCoverage {
  readonly statementMap: Readonly<Record<string, Range>>;
  readonly s: Readonly<Record<string, number>>;
  /** `decl` is the function's name, or where an anonymous one begins; `loc` its body. */
  readonly fnMap: Readonly<Record<string, { readonly decl: Range; readonly loc: Range }>>;
  readonly f: Readonly<Record<string, number>>;
}

interface Range {
  readonly start: Point;
  readonly end: Point;
}

interface Shown extends Range {
  /** The line that stands for it. */
  readonly shown: number;
}

interface Point {
  readonly line: number;
  /** null: the end of the line. */
  readonly column: number | null;
}

/** Code that did not run. */
export interface Place {
  readonly file: string;
  readonly line: number;
  /** The line's text, trimmed: lines move, their text stays. */
  readonly text: string;
}

/** A row of the list. */
export interface Entry {
  readonly file: string;
  readonly text: string;
  /** Lines of the file with this text that do not run. */
  readonly count: number;
  readonly reason: string;
  /** It runs in some runs of the tests: a race, or who is faster. */
  readonly sometimes: boolean;
  /** Line of the list. */
  readonly line: number;
}

/**
 * The outermost statements and functions of a file that did not run, one per line: a branch that never runs is one place, not one
 * for each statement in it.
 */
export function uncovered(file: string, { statementMap, s, fnMap, f }: FileCoverage, source: string): Place[] {
  const lines = source.split("\n");
  const ranges: Shown[] = [
    ...Object.entries(statementMap).flatMap(([id, range]) => (s[id] === 0 ? [{ ...range, shown: range.start.line }] : [])),
    // Where an arrow function begins is not always mapped well; where its body does, it is.
    ...Object.entries(fnMap).flatMap(([id, { decl, loc }]) =>
      f[id] === 0 ? [{ start: decl.start, end: loc.end, shown: loc.start.line }] : [],
    ),
  ].toSorted((a, b) => compare(a.start, b.start) || compare(b.end, a.end));
  const outer: Shown[] = [];
  for (const range of ranges) {
    const last = outer.at(-1);
    if (last && (compare(range.end, last.end) <= 0 || range.shown === last.shown)) continue;
    outer.push(range);
  }
  return outer.map(({ shown: line }) => ({ file, line, text: (lines[line - 1] ?? "").trim() }));
}

function compare(a: Point, b: Point): number {
  return a.line - b.line || (a.column ?? Infinity) - (b.column ?? Infinity);
}

/** `| file | code | reason |`, and the code perhaps with the number of its lines: `` `throw error;` ×2 ``. */
export function entriesOf(markdown: string): Entry[] {
  return markdown.split("\n").flatMap((row, index) => {
    const [, file = "", code = "", reason = ""] = row.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
    if (!row.startsWith("|") || !bare(file).startsWith("src/")) return [];
    const [, text = code, count = "1"] = /^(`.*`)(?: ×(\d+))?$/.exec(code) ?? [];
    const sometimes = /^sometimes\b/i.test(reason);
    return [{ file: bare(file), text: bare(text), count: Number(count), reason, sometimes, line: index + 1 }];
  });
}

/** Code without the backticks around it. */
function bare(code: string): string {
  const fence = /^`*/.exec(code)?.[0] ?? "";
  return code.slice(fence.length, code.length - fence.length).trim();
}

/**
 * What is wrong with the list, a sentence each; nothing if it is right.
 *
 * @param list the list's file, for the sentences
 * @param sourceOf text of a file; undefined where there is none
 */
export function differences(
  places: readonly Place[],
  entries: readonly Entry[],
  list: string,
  sourceOf: (file: string) => string | undefined,
): string[] {
  const unlisted = new Set(places);
  const wrong = entries.flatMap((entry) => {
    const at = `${list}:${entry.line}`;
    const found = [...unlisted].filter(({ file, text }) => file === entry.file && isText(entry.text, text));
    for (const place of found.slice(0, entry.count)) unlisted.delete(place);
    if (entry.reason === "") return [`${at} gives no reason for \`${entry.text}\` of ${entry.file}`];
    const isThere = sourceOf(entry.file)
      ?.split("\n")
      .some((line) => isText(entry.text, line.trim()));
    if (!isThere) return [`${at} lists \`${entry.text}\`, which ${entry.file} does not have any more: take it off the list`];
    if (found.length >= entry.count || entry.sometimes) return [];
    if (found.length === 0) return [`${at} lists \`${entry.text}\` of ${entry.file}, which is covered now: take it off the list`];
    return [`${at} lists ${entry.count} of \`${entry.text}\` in ${entry.file}, of which ${found.length} are left: say ×${found.length}`];
  });
  const missing = [...unlisted].map(({ file, line, text }) => `${file}:${line} runs in no test and is not listed: ${text}`);
  return [...missing, ...wrong];
}

/** A listed text that ends in `…` stands for every line that begins so. */
function isText(listed: string, text: string): boolean {
  return listed.endsWith("…") ? text.startsWith(listed.slice(0, -1)) : text === listed;
}
