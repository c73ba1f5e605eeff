/** The example of docs/processors.md, call by call. */

import { afterEach, expect, it, vi } from "vitest";
import page from "../../../docs/processors.md?raw";
import { quietStore } from "../delivery/support.ts";
import { read } from "../support.ts";

afterEach(() => vi.restoreAllMocks());

const START = page.indexOf("### An example");
const section = page.slice(START, page.indexOf("\n### ", START + 1));

/** A call of a block in `sh`, and the answer that the page shows after the block. */
interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: string | undefined;
  readonly answer: object | undefined;
}

/** As a shell reads them. */
function callsIn(text: string): Call[] {
  const blocks = [...text.matchAll(/```(sh|json)\n([\s\S]*?)\n```/g)].map(([, language = "", block = ""]) => ({ language, block }));
  return blocks.flatMap(({ language, block }, index) => {
    if (language !== "sh") return [];
    const calls = [...block.matchAll(/^curl (?:-X (\w+) )?http:\/\/localhost:8787(\S+)(?: -d '((?:'"'[^']*'"'|[^'])*)')?$/gm)];
    const after = blocks[index + 1];
    return calls.map(([, method, path = "", data], call): Call => {
      const body = data?.replaceAll(/'"'([^']*)'"'/g, "'$1'");
      const isLast = call === calls.length - 1;
      return {
        method: method ?? (body === undefined ? "GET" : "POST"),
        path,
        body,
        answer: isLast && after?.language === "json" ? (JSON.parse(after.block) as object) : undefined,
      };
    });
  });
}

it("the example can be followed to the letter", async () => {
  const calls = callsIn(section);
  expect(calls.map(({ method, path }) => `${method} ${path}`)).toHaveLength(section.split("curl ").length - 1);
  const { send, wake } = quietStore("docs");
  for (const { method, path, body, answer } of calls) {
    const response = await send(method, path, body);
    const said = await response.json();
    expect(response.status, JSON.stringify(said)).toBeLessThan(300);
    if (answer) expect(said).toMatchObject(answer);
    await wake("delivered", "check");
  }
});

it("a mistake is named as the page says", async () => {
  const [, shown = ""] = /issues` name the step[^`]*```json\n([\s\S]*?)\n```/.exec(page) ?? [];
  const calls = callsIn(section);
  const { send } = quietStore("docs-mistake");
  for (const { method, path, body } of calls.slice(0, 3)) await send(method, path, body);
  const wrong = calls[3]?.body?.replace("data.qty <= stock.qty", "data.quantity <= stock.qty");
  const { issues } = await read(await send("PUT", "/processors/check", wrong));
  expect(issues).toEqual([JSON.parse(shown)]);
});
