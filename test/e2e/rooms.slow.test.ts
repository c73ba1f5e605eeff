/**
 * The example examples/rooms as a stranger gets it: copied, with the packed package, checked by its own scripts, started, and killed in the
 * middle of its story. It needs the npm registry, so only the long run has it.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { type Server as HttpServer, createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { app } from "../../examples/rooms/src/app.ts";
import { until } from "../../scripts/client.ts";
import { freePort } from "../../scripts/dev-server.ts";
import { createClient } from "../../src/client/index.ts";
import { installExample, runIn } from "./example.ts";
import { Server } from "./server.ts";
import { strangersEnvironment } from "./stranger.ts";

const SECRET = `whsec_${Buffer.alloc(32, "rooms").toString("base64")}`;
const CLIENTS = 100;
const HOUR_MS = 3_600_000;
/** Seconds that a booking waits for somebody to check in: enough for a kill and a start in between. */
const CHECK_IN_SECONDS = 6;

interface Mail {
  readonly to: string;
  readonly template: string;
}

describe("the example of the meeting rooms", () => {
  const folder = mkdtempSync(join(tmpdir(), "headspring-rooms-"));
  const project = join(folder, "rooms");
  const tools: ChildProcess[] = [];
  let mailService: HttpServer | undefined;
  let server: Server | undefined;

  const run = async (command: string, ...args: string[]) => runIn(project, command, ...args);

  /** A program of the example, and what it prints. */
  function start(script: string, args: readonly string[], env: Record<string, string>): { readonly output: () => string } {
    let output = "";
    const child = spawn("npm", ["run", "--silent", script, "--", ...args], {
      cwd: project,
      env: { ...strangersEnvironment(), ...env },
      detached: true, // so that what npm starts can be ended with it
    });
    tools.push(child);
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    return { output: () => output };
  }

  beforeAll(async () => {
    await installExample("rooms", folder);
  });
  afterAll(async () => {
    for (const { pid } of tools) if (pid !== undefined) process.kill(-pid, "SIGKILL");
    mailService?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("books once, releases no-shows, tries those who wait, and sends each mail once, even when it is killed", async () => {
    // The mail service. The store is killed while it waits for the answer to the first mail about a release.
    const mails = new Map<string, Mail>();
    const requests: string[] = [];
    let killed: Promise<void> | undefined;
    mailService = createServer((request, response) => {
      void text(request).then(async (body) => {
        const key = String(request.headers["idempotency-key"]);
        requests.push(key);
        const mail = JSON.parse(body) as Mail;
        mails.set(key, mail);
        if (mail.template === "no-show" && killed === undefined) await (killed = server?.crash());
        response.writeHead(202).end();
      });
    });
    const mailPort = await freePort();
    mailService.listen(mailPort);

    const calendarPort = await freePort();
    const calendarUrl = `http://127.0.0.1:${calendarPort}`;
    const calendar = start("calendar", [], { PORT: `${calendarPort}`, CALENDAR_SECRET: SECRET });
    await until("the calendar", () => calendar.output().includes("the calendar is at") || undefined);

    const team = await tokenFor("facility-team", "read,write,admin");
    const door = await tokenFor("door-atlas", "read,write", "--aggregates=room:CheckIn", "--views=doors");
    server = await Server.start({
      project,
      variables: {
        API_TOKENS: JSON.stringify([...team.list, ...door.list]),
        MAIL_URL: `http://127.0.0.1:${mailPort}`,
        CALENDAR_URL: calendarUrl,
        CALENDAR_SECRET: SECRET,
      },
    });
    const { url } = server.client;
    const store = createClient<typeof app>(url, { token: team.token });
    const atDoor = createClient<typeof app>(url, { token: door.token });

    const atlas = store.room("atlas");
    const list = store["waiting-list"]("atlas");
    await atlas.OpenRoom({ name: "Atlas", zone: "Europe/Zurich", seats: 6, checkInSeconds: CHECK_IN_SECONDS });
    const slot = { begins: new Date().toISOString(), ends: new Date(Date.now() + HOUR_MS).toISOString(), title: "Planning" };

    // A hundred clients want the same slot.
    const answers = await Promise.all(
      Array.from({ length: CLIENTS }, (_, index) => atlas.Book({ ...slot, organiser: `customer-${index}` })),
    );
    const won = answers.flatMap((answer, index) => (answer.ok ? [{ organiser: `customer-${index}`, booking: answer.version }] : []));
    expect(won).toHaveLength(1);
    expect(new Set(answers.map((answer) => (answer.ok ? "booked" : answer.reason)))).toEqual(new Set(["booked", "slot-taken"]));

    // Two wait; the second of them will come.
    await list.Join({ ...slot, organiser: "does not come" });
    await list.Join({ ...slot, organiser: "comes" });
    const display = start("door", ["atlas"], { STORE_URL: url, DOOR_TOKEN: door.token });
    await until("the door to show the booking", () => /taken until .* check in to booking/.test(display.output()) || undefined);

    // The first no-show, and the store is killed while the mail about it is under way.
    await until("the store to be killed", () => killed && true, 30);
    await killed;
    await server.startAgain();
    const mine = await until("the second that waits to be booked", async () => {
      const { rows } = await store.views.bookings.list({ organiser: "comes" });
      return rows[0];
    });
    // People check in at the door: the display there may do that, and nothing else.
    expect(await atDoor.room("atlas").CheckIn({ booking: mine.booking })).toMatchObject({ ok: true });
    await expect(atDoor.views.bookings.list({})).rejects.toMatchObject({ code: "forbidden" });
    await expect(atDoor.room("atlas").Cancel({ booking: mine.booking })).rejects.toMatchObject({ code: "forbidden" });

    // Everything is as it should be.
    await until("all consumers to have done their work", async () => {
      const answer = await fetch(`${url}/consumers`, { headers: { authorization: `Bearer ${team.token}` } });
      const { consumers } = await answer.json<{ consumers: { lag: number }[] }>();
      return consumers.every(({ lag }) => lag === 0) || undefined;
    });
    const { rows } = await store.views.bookings.list({ room: "atlas" }, { consistency: "strong" });
    expect(rows).toEqual([{ ...mine, checkedIn: true }]);
    expect((await store.views.bookings.list({ day: mine.day }, { sort: "begins" })).rows).toHaveLength(1);
    expect((await store.views.waiting.list({})).rows).toEqual([]);
    const use = await store.views.bookings.query("use", { from: mine.day, to: mine.day });
    expect(use).toEqual([{ day: mine.day, room: "atlas", bookings: 1, minutes: 60 }]);

    // A request may be repeated, under its key; each mail is one.
    const written = [...mails.values()].map(({ to, template }) => `${template} ${to}`);
    const [{ organiser } = { organiser: "" }] = won;
    expect(written).toEqual([
      `booked ${organiser}`,
      `no-show ${organiser}`,
      "booked does not come",
      "no-show does not come",
      "booked comes",
    ]);
    expect(requests).toHaveLength(written.length + 1);

    // The calendar has what its signature proves, and nothing else.
    const iCalendar = await until("the calendar to be current", async () => {
      const entries = await (await fetch(calendarUrl)).text();
      return entries.match(/BEGIN:VEVENT/g)?.length === 1 && entries.includes(`UID:${mine.id}`) ? entries : undefined;
    });
    expect(iCalendar).toContain("SUMMARY:Planning");
    expect((await fetch(calendarUrl, { method: "POST", body: "{}" })).status).toBe(401);
    await until("the door to show who has checked in", () => /taken until \S+Z\s*$/.test(display.output()) || undefined);
  });

  /** As the README says: the token is shown on stderr, the list for the deployment on stdout. */
  async function tokenFor(name: string, rights: string, ...narrowed: string[]): Promise<{ token: string; list: object[] }> {
    const { stdout, stderr } = await run("npm", "exec", "--", "headspring", "token", `--name=${name}`, `--rights=${rights}`, ...narrowed);
    const [token] = /hs_\S+/.exec(stderr) ?? [];
    if (token === undefined) throw new Error(`no token in ${stderr}`);
    return { token, list: JSON.parse(stdout) as object[] };
  }
});
