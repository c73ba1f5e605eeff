/**
 * Compares an answer with the one that a page shows. What differs from run to run (ids, times, secrets, ports) may differ, but the same
 * id on the page is the same id in the run, in answers and in commands.
 */

import { deepStrictEqual, strictEqual } from "node:assert/strict";

const VARYING =
  /(?<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:whsec|msg|wh)_[A-Za-z0-9+/=]{16,})|(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)|(?:localhost|127\.0\.0\.1):(?<port>\d+)/g;

export class Correspondence {
  /** From the page to the run. */
  readonly #real = new Map<string, string>();
  readonly #shown = new Map<string, string>();
  readonly #ports = new Map<number, number>();

  /** What the page calls `localhost:{shown}` is at this port. */
  port(shown: number, real: number): void {
    this.#ports.set(shown, real);
  }

  portFor(shown: number): number {
    return this.#ports.get(shown) ?? shown;
  }

  /** A command or a file of the page, with the ids and ports of this run. */
  toReal(text: string): string {
    const ports = new RegExp(`\\b(${[...this.#ports.keys()].join("|")})\\b`, "g");
    return text
      .replaceAll(VARYING, (found) => this.#real.get(found) ?? found)
      .replaceAll(ports, (shown) => String(this.portFor(Number(shown))));
  }

  values(shown: readonly unknown[], real: readonly unknown[]): void {
    deepStrictEqual(
      real.map((value, index) => this.#asShown(value, shown[index])),
      shown,
    );
  }

  text(shown: string, real: string): void {
    strictEqual(this.#likeText(real.trim(), shown.trim()), shown.trim());
  }

  /** The value, with what may differ as the page has it. */
  #asShown(real: unknown, shown: unknown): unknown {
    if (typeof real === "string" && typeof shown === "string") return this.#likeText(real, shown);
    if (Array.isArray(real)) return real.map((part, index) => this.#asShown(part, Array.isArray(shown) ? shown[index] : undefined));
    if (typeof real !== "object" || real === null) return real;
    const members = (shown ?? {}) as Record<string, unknown>;
    return Object.fromEntries(Object.entries(real).map(([name, value]) => [name, this.#asShown(value, members[name])]));
  }

  #likeText(real: string, shown: string): string {
    const onPage = [...shown.matchAll(VARYING)];
    let index = 0;
    return real.replaceAll(VARYING, (...found) => {
      const [text] = found as [string];
      const groups = found.at(-1) as Record<string, string | undefined>;
      const other = onPage[index++];
      if (!other) return text;
      const kind = Object.keys(groups).find((name) => groups[name] !== undefined) ?? "";
      if (other.groups?.[kind] === undefined) return text;
      if (kind === "port") return this.portFor(Number(other.groups.port)) === Number(groups.port) ? other[0] : text;
      if (kind === "time") return other[0];
      const [known, before] = [this.#real.get(other[0]), this.#shown.get(text)];
      if (known === undefined && before === undefined) {
        this.#real.set(other[0], text);
        this.#shown.set(text, other[0]);
      }
      return before ?? (known === undefined ? other[0] : text);
    });
  }
}

/** The JSON values that a string consists of, one after another. */
export function jsonValuesOf(text: string): unknown[] {
  const values: unknown[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else continue;
    if (depth > 0) continue;
    values.push(JSON.parse(text.slice(start, index + 1)));
    start = index + 1;
  }
  if (values.length === 0) throw new Error(`no JSON in: ${text}`);
  return values;
}
