/** The requests of docs/sources-elsewhere.md, byte for byte: what other systems send, and send again. */

import { expect, it } from "vitest";
import page from "../../../docs/sources-elsewhere.md?raw";
import { freshStore, read } from "../support.ts";

it("what other systems send is stored once, however often they send it", async () => {
  const { send, log } = freshStore("elsewhere");
  let [posted, stored] = [0, 0];
  for (const [, verb = "", path = "", lines = "", body = ""] of page.matchAll(/^```http\n(\w+) (\S+)\n([\s\S]*?)\n\n([\s\S]*?)\n```$/gm)) {
    const headers = Object.fromEntries(lines.split("\n").map((line) => line.split(/: (.*)/).slice(0, 2) as [string, string]));
    const first = await send(verb, path, body, headers);
    expect(first.ok, `${path}: ${first.status} ${await first.clone().text()}`).toBe(true);
    if (verb !== "POST") continue;
    posted++;
    const answer = await read(first);
    for (let again = 0; again < 2; again++) {
      const repeat = await send(verb, path, body, headers);
      expect([repeat.ok, repeat.headers.get("idempotent-replayed")]).toEqual([true, "true"]);
      expect(await read(repeat)).toMatchObject({ stream: answer.stream });
    }
    const events = (await log()).filter(({ type }) => !type.startsWith("$"));
    expect(events.length).toBe(++stored);
  }
  expect(posted).toBe(page.match(/^```http\nPOST/gm)?.length);
  expect(posted).toBe(6);
});
