/** The tables of the cost meter, in Markdown. */

import { type Bill, type Counts, gigabyteSeconds, ofObjects } from "./cost-bill.ts";

/** What one command had. */
export interface Measured {
  readonly counts: Counts;
  /** The whole runtime's process: more than the worker is billed for. */
  readonly cpuMs: number;
  readonly bill: Bill;
}

export interface Result {
  readonly title: string;
  /** From a stream to its log and back, where the case says so. */
  readonly distanceMs: number | undefined;
  readonly steady: Measured;
  readonly alone: Measured;
  /** Commands per second that the steady load came to. */
  readonly perSecond: number;
}

export function printTables(results: readonly Result[]): void {
  console.log("Dollars per million commands, under steady load and for a command alone in an idle store:\n");
  print(
    ["case", "commands/s", "**steady**", "rows", "requests", "queue", "duration", "CPU", "**alone**"],
    results.map(({ title, steady, alone, perSecond }) => {
      const of = (what: keyof Bill) => dollars(steady.bill[what]);
      const parts = [of("rows"), of("requests"), of("queue"), of("duration"), of("cpu")];
      return [title, perSecond.toFixed(0), `**${of("total")}**`, ...parts, `**${dollars(alone.bill.total)}**`];
    }),
  );
  console.log("\nCounted for one command, under steady load:\n");
  printCounts(results, "steady");
  console.log("\nCounted for one command, alone in an idle store:\n");
  printCounts(results, "alone");
}

const COUNTED: Readonly<Record<string, (counts: Counts, distanceMs?: number) => number>> = {
  "rows written: streams": ({ objects }) => objects.stream.rowsWritten,
  log: ({ objects }) => objects.log.rowsWritten,
  webhook: ({ objects }) => objects.webhook.rowsWritten,
  D1: ({ d1 }) => d1.rowsWritten,
  "alarms set among them": (counts) => ofObjects(counts, "alarmsSet"),
  "rows read": (counts) => ofObjects(counts, "rowsRead") + counts.d1.rowsRead,
  "Worker requests": ({ requests, batches }) => requests + batches,
  "object calls": (counts) => ofObjects(counts, "calls"),
  "alarm runs": (counts) => ofObjects(counts, "alarms"),
  "queue operations": ({ queueOperations }) => queueOperations,
  "GB-s": gigabyteSeconds,
};

function printCounts(results: readonly Result[], which: "steady" | "alone"): void {
  const cells = ({ counts, cpuMs }: Measured, distanceMs?: number) => [
    ...Object.values(COUNTED).map((of) => number(of(counts, distanceMs))),
    number(cpuMs),
  ];
  print(
    ["case", ...Object.keys(COUNTED), "CPU ms"],
    results.map((result) => [result.title, ...cells(result[which], result.distanceMs)]),
  );
}

function print(header: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(line(header));
  console.log(line(header.map((_name, column) => (column === 0 ? "---" : "---:"))));
  for (const row of rows) console.log(line(row));
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function dollars(one: number): string {
  return (one * 1_000_000).toFixed(2);
}

function number(value: number): string {
  return value === 0 ? "–" : value >= 0.1 ? value.toFixed(2) : value.toFixed(4);
}
