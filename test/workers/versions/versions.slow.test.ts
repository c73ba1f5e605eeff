/** Two versions of the code against each other: routes, objects and consumers in every combination, through one deployment. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { eventually, folded } from "../delivery/support.ts";
import { endpointAt } from "../webhooks/support.ts";
import { newApp, oldApp } from "./apps.ts";
import { NEW, ROLLOUTS, storeUnderRollout } from "./rollout.ts";
import { cases } from "../../effort.ts";
import { setVariables } from "../support.ts";

beforeEach(() => {
  setVariables({ OPENED_URL: "http://opened.test/", OPENED_SECRET: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" });
  // A part that does not know something yet says so in the logs, once.
  vi.spyOn(console, "error").mockReturnValue();
  vi.spyOn(console, "warn").mockReturnValue();
  vi.spyOn(console, "info").mockReturnValue();
});
afterEach(() => {
  vi.restoreAllMocks();
});

interface Write {
  readonly path: string;
  readonly body: object;
}

const open = (id: string): Write => ({ path: `/aggregates/account/${id}/Open`, body: { owner: `owner of ${id}` } });
const deposit = (id: string, memo?: string): Write => ({
  path: `/aggregates/account/${id}/Deposit`,
  body: { amount: 100, ...(memo === undefined ? {} : { memo }) },
});
const close = (id: string): Write => ({ path: `/aggregates/account/${id}/Close`, body: { why: "moved" } });
const grant = (id: string): Write => ({ path: `/aggregates/badge/${id}/Grant`, body: { for: "nothing" } });
const transfer = (id: string, from: string, to: string): Write => ({ path: `/sagas/transfer/${id}`, body: { from, to, amount: 10 } });

describe("two versions of the code side by side", () => {
  it.each(cases(ROLLOUTS))("miss, double, strip, fail and undo nothing (%s)", async (name, rollout) => {
    const opened = endpointAt("http://opened.test/");
    const mailed = endpointAt("http://mail.test/");
    const one = storeUnderRollout("rollout");
    const send = ({ path, body }: Write) => one.ask("POST", path, body, { "idempotency-key": path });

    // Before the deployment.
    for (const write of [open("a"), deposit("a"), open("b"), deposit("b"), transfer("early", "a", "b")])
      expect(await send(write), write.path).toMatchObject({ status: expect.toSatisfy((status) => status < 300) });
    await one.consume(1);
    expect(await send(transfer("between", "b", "a"))).toMatchObject({ status: 202 });

    // While it is under way.
    await one.roll(rollout);
    const isNew = rollout.door === newApp;
    const writes = [
      open("c"),
      deposit("c", isNew ? "a memo" : undefined),
      transfer("late", "a", "c"),
      ...(isNew ? [close("b"), grant("g")] : []),
    ];
    const refused: Write[] = [];
    for (const write of writes) {
      const { status, retryAfter, body } = await send(write);
      if (status < 300) continue;
      // A client may try again, and the answer asks for that.
      expect({ status, body, retryAfter }).toMatchObject({ status: 503, body: { code: "unavailable" }, retryAfter: "1" });
      refused.push(write);
    }
    expect(refused.length === 0 || rollout.streams === oldApp, name).toBe(true);
    await one.consume(4);
    if (isNew) expect([...one.rung()]).toEqual(expect.arrayContaining(["accounts", "reward", "mail", "welcome", "opened"]));

    // When it is everywhere.
    await one.roll(NEW);
    for (const write of refused)
      expect(await send(write), write.path).toMatchObject({ status: expect.toSatisfy((status) => status < 300) });
    for (const write of [open("d"), ...(isNew ? [] : [close("b"), grant("g")])]) expect((await send(write)).status, write.path).toBe(200);
    await vi.waitFor(
      async () => {
        await one.consume(1);
        expect((await one.consumers()).filter(({ lag }) => lag > 0)).toEqual([]);
      },
      { timeout: 30_000, interval: 1 },
    );

    const events = await one.log();
    const of = (type: string) => events.filter((event) => event.type === type);
    const streams = (type: string) => of(type).map(({ stream }) => stream);
    // Nothing is missed or doubled.
    expect(streams("Opened")).toEqual(["account/a", "account/b", "account/c", "account/d"]);
    expect(streams("Closed")).toEqual(["account/b"]);
    expect(streams("Written").toSorted()).toEqual(["book/a", "book/b", "book/c", "book/d"]);
    const sealed = of("Sealed").map(({ stream, data }) => `${stream} ${(data as { by: string }).by}`);
    for (const by of ["reward", "welcome"])
      expect(sealed.filter((line) => line.endsWith(by)).toSorted()).toEqual(["a", "b", "c", "d"].map((id) => `book/${id} ${by}`));
    const granted = of("Granted").map(({ stream, data }) => `${stream} ${(data as { for: string }).for}`);
    expect(granted.filter((line) => line.endsWith("opening")).toSorted()).toEqual(["a", "b", "c", "d"].map((id) => `badge/${id} opening`));
    expect(granted.filter((line) => line.endsWith("nothing"))).toEqual(["badge/g nothing"]);
    expect(streams("Welcomed").toSorted()).toEqual(["a", "b", "c", "d"].map((id) => `welcome/${id}`));
    // A consumer that begins with the deployment has the events that the newer route accepted, whatever the log's code knew of it, and no earlier ones.
    const since = isNew ? ["account/c", "account/d"] : [expect.anything(), "account/d"];
    const mails = mailed.received.map(({ stream }) => stream);
    expect(mails).toContain("account/d");
    expect(mails.includes("account/c") || !isNew).toBe(true);
    expect(mails.filter((stream) => stream === "account/a" || stream === "account/b")).toEqual([]);
    expect(new Set(mails).size).toBe(mails.length);
    await eventually(() => expect(opened.received.map(({ stream }) => stream)).toContain("account/d"));
    expect(opened.received.map(({ stream }) => stream)).toEqual(
      expect.arrayContaining(since.filter((stream) => typeof stream === "string")),
    );
    expect(opened.received.filter(({ stream }) => stream === "account/a" || stream === "account/b")).toEqual([]);
    // Nothing is stripped.
    const memos = of("Deposited").flatMap(({ data }) => (data as { memo?: string }).memo ?? []);
    expect(memos.includes("a memo")).toBe(isNew);
    const currencies = of("Written").map(({ stream, data }) => [stream, (data as { currency?: string }).currency]);
    expect(currencies).toContainEqual(["book/d", "CHF"]);
    if (rollout.consumers === newApp) expect(currencies.find(([stream]) => stream === "book/c")?.[1]).toMatch(/^(CHF|EUR)$/);
    // Nothing has failed, or was undone.
    expect((await one.consumers()).map(({ name, status, lastError = null }) => ({ name, status, lastError }))).toEqual(
      [...newApp.views.keys(), ...newApp.processors.keys(), ...newApp.webhooks.keys()].map((name) => ({
        name,
        status: "live",
        lastError: null,
      })),
    );
    for (const saga of ["early", "between", "late"]) {
      const { body } = await one.ask("GET", `/sagas/transfer/${saga}`);
      expect(body, saga).toMatchObject({ status: "completed" });
    }
    // Views have every event, in the form that their code knows.
    for (const view of newApp.views.values()) {
      const { body } = await one.ask("GET", `/views/${view.name}`);
      expect(new Map(body.rows.map((row: Record<string, unknown>) => [row[view.key], row])), view.name).toEqual(folded(view, events));
    }
  });
});
