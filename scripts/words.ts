/**
 * `npm run check:words`: finds words and phrases that read like a translation, or that the glossary has a better word for, and names the
 * better one: in the docs, in comments, in messages, and in the titles of tests. `node scripts/words.ts [files or folders…]` checks others.
 */

import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { stringsIn, titlesIn, type UserString } from "./strings.ts";

/** What is checked when nothing is named. Decisions are dated and not edited. */
const CHECKED = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "CHANGELOG.md",
  "docs/*.md",
  "docs/coming-from/*.md",
  "src",
  "console",
  "examples/*/README.md",
  "examples/*/{src,test,tools}",
  "test",
  "bench",
  "scripts",
];

/** What has to quote what not to write. */
const QUOTING = new Set(["scripts/words.ts", "test/unit/scripts/words.test.ts"]);

/** What not to write, and what to write instead. */
const AVOIDED: readonly (readonly [pattern: string, instead: string])[] = [
  ["(?:came|comes?|became|becomes?|become) of (?:it|that|this|them|itself|a|an|the|each|every)", "its outcome, its result"],
  ["what (?:came|became|becomes) of", "the outcome of, the result of"],
  ["who(?:m|so)?ever", "a client that …, anyone who …"],
  ["whom", "turn the sentence around: … that they …"],
  ["texts", "strings"],
  ["a text", "a string"],
  ["beside", "next to, besides, along with"],
  ["anew", "again, from scratch"],
  ["meanwhile", "in the meantime, while …, until then"],
  ["at (?:its|their) end", "has ended, when it ends"],
  ["that there (?:is|are) (?:not|no)", "an unknown …"],
  ["there that (?:is|are) (?:not|no)", "an unknown …"],
  ["(?<=^|[.:;] |\\| |[-*] )Who [a-z]+", "a client that …, anyone who …"],
  ["(?<=^|[.] |\\| |[-*] )Of (?:an?|the|what|it|them|those|this)", "begin with the subject"],
  ["and the like", "and so on, or name them"],
  ["to be had", "available"],
  ["(?<!there )is no (?:JSON|text|string|number|object)", "is not JSON, is not a string, …"],
  ["is none of (?:ours|them|these)", "is not one of …, is unknown"],
  ["says? of (?:itself|it|them|how)", "reports, shows"],
  ["(?:tells?|told|tell) of", "notifies of, reports"],
  ["(?:is|are|was|were) told of", "receives, is notified of"],
  ["in earnest", "in production"],
  ["(?:stands?|stood) (?:in|at|there|behind|how|where|beside)", "is in, is listed in"],
  ["shall", "must, will"],
  ["(?:rings?|rang|rung|ringing|the bell)", "wakes, notifies: glossary, notifier"],
  ["(?:the|such|no|each) doors|(?:every|whatever|live|own) doors?", "routes"],
  ["(?:courier|levers|lanes?|the books|tally)", "sender, operations, blocked streams, ledger, statistics"],
  ["of no use", "useless, without effect"],
  ["what (?:it|he|she|one|they) says?", "its content"],
  ["(?:is|are|was|were|be) told", "receives, is notified, hears"],
  ["(?:is|are) said (?:in|by)|says the rest", "… describes it"],
  ["mend(?:s|ed|ing)?", "fix, repair"],
  ["as one likes", "as you like"],
  ["(?:to|for|by|from|with|wakes?|answers?|sends?|lets?|gives?) who", "to a client that …, with those who …"],
  ["(?<!as )of (?:then|before)(?=[.,:;)])", "from before, earlier, of that time"],
  ["gone with (?:its|their)", "gone once it is …"],
  ["(?<!(?:as|even) )though", "although, even if"],
  ["that cannot be(?=[.,:;)]|$)", "impossible, invalid"],
];

/** A pattern with a capital is about the beginning of a sentence. */
const RULES = AVOIDED.map(([pattern, instead]) => ({
  pattern: new RegExp(`(?<![\\w-])(?:${pattern})(?![\\w-])`, /[A-Z]/.test(pattern) ? "gmu" : "gimu"),
  instead,
}));

export interface Finding {
  readonly line: number;
  readonly found: string;
  readonly instead: string;
}

/** What a file is: of TypeScript its comments are read and its strings that are for people, of a test's sources those that are titles. */
export type Kind = "prose" | "code" | "test";

/** What reads badly in a text. */
export function findingsIn(text: string, kind: Kind): Finding[] {
  const prose = withoutListings(kind === "prose" ? text : commentsOf(text));
  const findings = RULES.flatMap(({ pattern, instead }) =>
    [...prose.matchAll(pattern)].map(({ 0: found, index }) => ({ line: prose.slice(0, index).split("\n").length, found, instead })),
  );
  return [...findings, ...stringsOf(text, kind).flatMap(findingsInString)].toSorted((a, b) => a.line - b.line);
}

/** The strings that people read. A test's others are data as a rule. */
function stringsOf(source: string, kind: Kind): UserString[] {
  if (kind === "prose") return [];
  return kind === "code" ? stringsIn(source) : titlesIn(source);
}

function findingsInString({ line, text }: UserString): Finding[] {
  return findingsIn(text, "prose").map((finding) => ({ ...finding, line }));
}

function kindOf(file: string): Kind {
  if (!file.endsWith(".ts")) return "prose";
  return /^(?:\.\/)?test\//.test(file) ? "test" : "code";
}

/** Blanks a part, and keeps its lines. */
function blank(part: string): string {
  return part.replaceAll(/[^\n]/g, " ");
}

/** Markdown without code, link targets, links whose text is a file, and quoted titles: of decisions, and of tests. */
function withoutListings(text: string): string {
  return text
    .replaceAll(/^.*\]\((?:decisions\/|[^)]*\.test\.ts\)).*$/gm, blank)
    .replaceAll(/^ *```[\s\S]*?^ *```/gm, blank)
    .replaceAll(/`[^`\n]+`/g, blank)
    .replaceAll(/\[[^\]\s]+\.\w+\]\([^)\s]*\)/g, blank)
    .replaceAll(/\]\([^)\s]*\)/g, blank);
}

/** The comments, each in its line; the code around them is left out. */
function commentsOf(source: string): string {
  let isInside = false;
  const lines = source.split("\n").map((line) => {
    const begins = isInside || /^\s*\/[/*]/.test(line);
    if (isInside || /^\s*\/\*/.test(line)) isInside = !line.includes("*/");
    return begins ? line.replace(/^(?:\s|[/*])+/, "") : (/(?<=\S )\/\/ (.*)$/.exec(line)?.[1] ?? "");
  });
  return lines.join("\n");
}

/** What an install or a run leaves in a folder. */
function isNoSource(name: string): boolean {
  return name === "node_modules" || name.startsWith(".wrangler");
}

function filesOf(path: string): string[] {
  return globSync(path)
    .flatMap((found) => (statSync(found).isDirectory() ? globSync(join(found, "**/*.{ts,md}"), { exclude: isNoSource }) : [found]))
    .filter((file) => !QUOTING.has(file));
}

if (import.meta.main) {
  const asked = process.argv.slice(2);
  const findings = (asked.length > 0 ? asked : CHECKED)
    .flatMap(filesOf)
    .flatMap((file) =>
      findingsIn(readFileSync(file, "utf8"), kindOf(file)).map(
        ({ line, found, instead }) => `${file}:${line}: "${found.trim()}". Better: ${instead}`,
      ),
    );
  for (const finding of findings) console.error(finding);
  if (findings.length > 0) {
    console.error(`${findings.length} to rewrite; the list is in scripts/words.ts`);
    process.exitCode = 1;
  }
}
