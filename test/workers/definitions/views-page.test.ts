/** "Views over HTTP" of docs/views.md, followed to the letter. */

import { expect, it } from "vitest";
import page from "../../../docs/views.md?raw";
import { freshStore, read } from "../support.ts";

const section = page.slice(page.indexOf("## Views over HTTP"), page.indexOf("## Queries"));
const CURL = /^curl -s(?: -X (\w+))? '?localhost:8787(\/[^\s']+)'?(?: -d (?:'([^']+)'|@- <<'END'\n([\s\S]*?)\nEND))?$/gm;

it("the example of views over HTTP gives the answers that its page shows", async () => {
  const { send } = freshStore("views-page");
  let answer: unknown;
  let [called, compared] = [0, 0];
  for (const [, language, text = ""] of section.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)) {
    if (language === "json") {
      expect(answer).toEqual(JSON.parse(text));
      compared++;
    }
    for (const [, verb, path = "", line, lines] of text.matchAll(CURL)) {
      const body = line ?? lines;
      const response = await send(verb ?? (body === undefined ? "GET" : "POST"), path, body);
      expect(response.ok, `${path}: ${response.status}`).toBe(true);
      answer = await read(response);
      called++;
    }
  }
  expect([called, compared]).toEqual([section.match(/^curl/gm)?.length, 2]);
});
