/**
 * The harness: a store under load is killed again and again, must heal by itself, and is judged by what clients, subscribers,
 * endpoints and its own disk know of it.
 *
 * A round: load and deaths, the last one in full swing; then nobody asks anything, and the store must come to rest by itself;
 * then clients send again what was never answered. At the end everything is checked, promise by promise.
 */

import { PaymentService } from "../../scripts/payments.ts";
import { Server } from "../e2e/server.ts";
import { consumersInCode } from "../../src/definitions/consumers.ts";
import { app } from "./app.ts";
import { Disk } from "./disk.ts";
import { compare, heal, lastFor } from "./healing.ts";
import { History } from "./history.ts";
import { Kills } from "./kills.ts";
import { Load, STORES } from "./load.ts";
import { readsShowedTheLog } from "./observations.ts";
import { Operator } from "./operator.ts";
import { Random } from "./random.ts";
import { strangersLeftWhatTheyShould } from "./strangers.ts";
import {
  type Check,
  chargesWereMade,
  consequencesCame,
  deliveriesArrived,
  followersSawAll,
  logIsExact,
  viewIsFold,
  writesAreKept,
} from "./verdict.ts";
import { Endpoint, type Event, Follower } from "./witnesses.ts";

export interface Plan {
  readonly seed: number;
  /** No round begins later than so many seconds after the start. */
  readonly seconds: number;
  /** Deaths of a round, besides its last one. Default: two to five. */
  readonly kills?: number;
  /** Milliseconds of load between two deaths, at most. Default: six seconds. */
  readonly pauseMs?: number;
  /** Told what is going on. */
  readonly tell?: (line: string) => void;
  /** Called before everything is removed. */
  readonly keep?: (folder: string, report: Report, output: string) => void;
}

export interface Report {
  readonly checks: readonly Check[];
  readonly counts: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
}

/** So small that a log rolls over into the next object again and again: a few hundred events. */
const LOG_SEGMENT_BYTES = "120000";
/** What follows the logs, besides webhooks. */
const CONSUMERS = new Map([...consumersInCode(app, {}).filters].filter(([name]) => !app.webhooks.has(name)));
const READINGS = { query: "category=reading&category=note", matches: ({ stream }: Event) => /^(reading|note)\//.test(stream) };
const ORDERS = { query: "type=OrderReady", matches: ({ type }: Event) => type === "OrderReady" };

export async function crash({ seed, seconds, kills: planned, pauseMs = 6_000, tell = () => {}, keep = () => {} }: Plan): Promise<Report> {
  const start = Date.now();
  const random = new Random(seed);
  const payments = await PaymentService.listen();
  const server = await Server.start({ main: "test/crash/worker.ts", variables: { PAYMENT_URL: payments.url, LOG_SEGMENT_BYTES } });
  const { client } = server;
  const followers: Follower[] = [];
  const endpoints: Endpoint[] = [];
  const checks: Check[] = [];
  const load = new Load(client.url, random.fork());
  const operator = new Operator(load, random.fork(), STORES, {
    views: [...app.views.keys()],
    processors: [...app.processors.keys()],
    endpoints,
  });
  load.operator = operator;
  const kills = new Kills(server, load, random.fork(), pauseMs);
  const disk = new Disk(server.folder);
  let [rounds, slowest] = [0, 0];
  const asleep = new Set<string>();
  try {
    for (const store of STORES) {
      const declared = await load.request(store, "PUT", "/streams/note", {});
      if (declared.status !== 201) throw new Error(`the category could not be declared: ${declared.status}`);
      endpoints.push(
        await Endpoint.open(client, store, "prompt", ["order", "counter"]),
        await Endpoint.open(client, store, "flaky", ["reading", "note", "reminder", "memo"]),
      );
      followers.push(
        Follower.serverSentEvents(client.url, store, { query: "", matches: () => true }),
        Follower.serverSentEvents(client.url, store, READINGS),
        Follower.serverSentEvents(client.url, store, ORDERS),
        Follower.webSocket(client.url, store),
      );
    }
    const watched = { disk, stores: STORES, followers, endpoints, writes: load.writes, consumers: CONSUMERS };
    const rest = async (when: string) => {
      const { ms, missing } = await heal(watched, tell);
      slowest = Math.max(slowest, ms);
      checks.push({ promise: 1, what: `the store came to rest by itself, ${when}`, count: 1, violations: missing });
      const compared = compare(disk, STORES, load.writes);
      for (const one of compared.asleep) asleep.add(one);
      checks.push({
        promise: 1,
        what: "what the log has is what the streams have",
        count: compared.events,
        violations: compared.violations,
      });
      tell(`${when}: at rest after ${ms} ms; ${compared.events} events; not acknowledged and not in the log: ${compared.asleep.length}`);
    };
    do {
      rounds++;
      const before = load.writes.length;
      load.start();
      for (let left = planned ?? random.int(2, 5); left > 0; left--) await kills.next();
      await kills.last();
      await rest(`round ${rounds}`);
      await load.resolve();
      await load.outcomes(before);
    } while (Date.now() - start < seconds * 1_000 && checks.every(({ violations }) => violations.length === 0));
    await rest("in the end");

    const histories = new Map<string, History>();
    for (const store of STORES) histories.set(store, new History(store, await logOf(load, store)));
    checks.push(...writesAreKept(histories, load.writes), chargesWereMade(histories, payments));
    checks.push(...strangersLeftWhatTheyShould(histories, load.writes, load.counts.refused, load.violations.refused));
    checks.push(readsShowedTheLog(histories, app.views, load.observations));
    for (const history of histories.values()) {
      checks.push(...logIsExact(history), ...consequencesCame(history));
      checks.push(followersSawAll(history, followers), deliveriesArrived(history, endpoints));
      for (const view of app.views.values()) {
        const { rows, position } = await rowsOf(load, history.store, view.name);
        const last = lastFor(CONSUMERS.get(view.name) ?? {}, history.events);
        checks.push(viewIsFold(history, view, rows, position), {
          promise: 4,
          what: "views have all events that concern them",
          count: 1,
          violations: position >= last ? [] : [`${history.store}, ${view.name} is at ${position} of ${last}`],
        });
      }
    }
    checks.push(
      { promise: 6, what: "operators were obeyed", count: sum(Object.values(operator.counts)), violations: operator.violations },
      { promise: 8, what: "repeats got the first answer, all of it", count: load.counts.repeats, violations: load.violations.repeats },
      { promise: 7, what: "reads had what was acknowledged", count: load.counts.reads, violations: load.violations.reads },
    );
    const fate = (name: string) => load.writes.filter((write) => write.fate === name).length;
    const report: Report = {
      checks: merged(checks),
      counts: {
        seed,
        seconds: Math.round((Date.now() - start) / 1_000),
        rounds,
        kills: kills.total,
        ...kills.counts,
        requests: load.counts.requests,
        writes: load.writes.length,
        acknowledged: fate("acknowledged"),
        unknown: fate("unknown"),
        "events in the logs": sum([...histories.values()].map(({ events }) => events.length)),
        erasures: sum([...histories.values()].map(({ erased }) => erased.size)),
        ...operator.counts,
        "roll-overs": disk.segments() - STORES.length,
        imports: load.writes.filter(({ fate, imported }) => fate === "acknowledged" && imported).length,
        "inputs refused": load.counts.refused,
        "connections of subscribers": followers.reduce((sum, { connections }) => sum + connections, 0),
        "deliveries repeated": endpoints.reduce((sum, { receiver, positions }) => sum + receiver.deliveries.length - positions.size, 0),
        "committed, never acknowledged, asleep until read": asleep.size,
        "slowest healing, ms": slowest,
      },
      violations: checks.flatMap(({ promise, violations }) => violations.map((violation) => `promise ${promise}: ${violation}`)),
    };
    keep(server.folder, report, server.output);
    return report;
  } finally {
    await load.stop();
    await Promise.all(followers.map((follower) => follower.stop()));
    await server.stop();
    for (const { receiver } of endpoints) receiver.close();
    payments.close();
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

async function logOf(load: Load, store: string): Promise<Event[]> {
  const events: Event[] = [];
  for (;;) {
    const { body } = await load.request(store, "GET", `/log?after=${events.length}&limit=1000`);
    const page = body as unknown as { events: Event[]; next: number; head: number };
    events.push(...page.events);
    if (page.next >= page.head) return events;
  }
}

/** All rows of a view, as it is: no position is asked for that it would have to reach first. */
async function rowsOf(load: Load, store: string, view: string): Promise<{ rows: Record<string, unknown>[]; position: number }> {
  const rows: Record<string, unknown>[] = [];
  let cursor = "";
  for (;;) {
    const { status, body } = await load.request(store, "GET", `/views/${view}?limit=200${cursor}`);
    if (status !== 200) throw new Error(`view ${view} answers ${status}`);
    rows.push(...(body.rows as Record<string, unknown>[]));
    const next = body.next as string | undefined;
    if (next === undefined) return { rows, position: Number(body.position) };
    cursor = `&cursor=${encodeURIComponent(new URL(next, "http://store/").searchParams.get("cursor") ?? next)}`;
  }
}

/** One line for each thing that was checked, however often. */
function merged(checks: readonly Check[]): Check[] {
  const what = ({ promise, what }: Check) => `${promise} ${what.replace(/^(the store came to rest by itself).*/, "$1")}`;
  return [...Map.groupBy(checks, what).values()]
    .map((some) => ({
      promise: some[0]?.promise ?? 0,
      what: some[0]?.what.replace(/^(the store came to rest by itself).*/, "$1") ?? "",
      count: some.reduce((sum, { count }) => sum + count, 0),
      violations: some.flatMap(({ violations }) => violations),
    }))
    .toSorted((a, b) => a.promise - b.promise);
}
