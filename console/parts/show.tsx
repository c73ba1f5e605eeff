/** Small things that every page shows alike: times, counts, names of streams and events, statuses. */

import type { ComponentChildren } from "preact";
import { Link } from "wouter-preact";
import type { StoredEvent } from "../store/event.ts";
import { to } from "../store/paths.ts";

const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 20 });
const SHORT = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });
const DAY = new Intl.DateTimeFormat("en-GB", { year: "numeric", month: "short", day: "numeric" });

export function count(value: number): string {
  return NUMBER.format(value);
}

/** `1 event`, `1,200 events`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** The clock today, the day before that. The whole time is in the title. */
export function Time({ at }: { at: string }) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return <bdi>{at}</bdi>;
  const isToday = new Date().toDateString() === date.toDateString();
  return (
    <time dateTime={at} title={at}>
      {isToday ? CLOCK.format(date) : `${DAY.format(date)}, ${CLOCK.format(date).slice(0, 8)}`}
    </time>
  );
}

/** A length of time in the two units that matter: `3 min 5 s`. */
export function duration(milliseconds: number): string {
  const units = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1_000],
  ] as const;
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  const first = units.findIndex(([, size]) => milliseconds >= size);
  const [unit, size] = units[first]!;
  const [next, nextSize] = units[first + 1] ?? ["ms", 1];
  const rest = Math.floor((milliseconds % size) / nextSize);
  return `${Math.floor(milliseconds / size)} ${unit}${rest === 0 || next === "ms" ? "" : ` ${rest} ${next}`}`;
}

/** `24 kB`: of a thousand bytes each. */
export function bytes(value: number): string {
  const step = Math.max(0, Math.min(4, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return `${SHORT.format(value / 1_000 ** step)} ${["bytes", "kB", "MB", "GB", "TB"][step]}`;
}

/** One of a `<dl class="figures">`. */
export function Figure({ title, isBad = false, children }: { title: string; isBad?: boolean; children: ComponentChildren }) {
  return (
    <div class={isBad ? "bad" : ""}>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function StreamLink({ stream, version }: { stream: string; version?: number }) {
  return (
    <Link href={to.stream(stream, version)} class="stream">
      <bdi>{stream}</bdi>
    </Link>
  );
}

/** An event's type, which leads to its story. */
export function EventLink({ event }: { event: Pick<StoredEvent, "type" | "id" | "position" | "meta"> }) {
  const path = to.storyOf(event);
  return path === undefined ? <bdi>{event.type}</bdi> : <Link href={path}>{event.type}</Link>;
}

/** Characters of a value that a table shows. */
const CELL = 120;

/** Any JSON value, in a table. */
export function Cell({ value }: { value: unknown }) {
  if (value === undefined || value === null) return <span class="dim">{value === null ? "null" : "–"}</span>;
  const text = typeof value === "string" ? value : typeof value === "number" ? NUMBER.format(value) : JSON.stringify(value);
  const shown = text.length > CELL ? `${text.slice(0, CELL)}…` : text;
  return typeof value === "object" ? <code dir="auto">{shown}</code> : <bdi>{shown}</bdi>;
}

const TONES: Readonly<Record<string, "good" | "busy" | "bad" | "off">> = {
  live: "good",
  delivered: "good",
  ended: "good",
  completed: "good",
  "catching-up": "busy",
  rebuilding: "busy",
  retrying: "busy",
  pending: "busy",
  running: "busy",
  "in-progress": "busy",
  undoing: "busy",
  failed: "bad",
  parked: "bad",
  stuck: "bad",
  paused: "off",
  skipped: "off",
  disabled: "off",
};

/** A status, as a word with a colour: the colour alone says nothing. */
export function Status({ is }: { is: string }) {
  return <span class={`status ${TONES[is] ?? "off"}`}>{is}</span>;
}
