/** What `headspring dev` leaves out of wrangler's output, and what it makes of it. */

import { describe, expect, it } from "vitest";
import { Output, type OutputOptions } from "../../../src/cli/dev/output.ts";

/** Everything that wrangler prints for a start, a request, a reload and the app's own lines. */
const SESSION = `
 ⛅️ wrangler 4.164.0
───────────────────
Using vars defined in .dev.vars
Your Worker has access to the following bindings:
Binding                                       Resource                     Mode
env.VIEWS (rooms-views)                       D1 Database                  local

⎔ Starting local server...
loaded {
  a: 1

}
[custom build] Running: npx vite build
[wrangler:info] Ready on http://127.0.0.1:9101
[wrangler:info] GET /health 200 OK (9ms)
\u001b[33m▲ [\u001b[43mWARNING\u001b[0m] something that matters
⎔ Reloading local server...
⎔ Local server updated and ready
not the end`;

const THROWN = `✘ [ERROR] service core:user:rooms: Uncaught Error: no such thing

    at null.<anonymous> (worker.js:28676:7)

▲ [WARNING] A DurableObjectNamespace in the config referenced the class "LogObject", but no such Durable Object class is exported.

✘ [ERROR] The Workers runtime failed to start. There was likely a problem with the workerd binary or your configuration.

  Runtime stderr:
  {"timestamp":"1795736377385","level":"error","message":"service core:user:rooms: Uncaught Error: no such thing"}

If you think this is a bug then please create an issue at https://github.com/cloudflare/workers-sdk/issues/new/choose
`;

/** @param size characters that arrive at once */
function printed(text: string, options: OutputOptions = {}, size = text.length) {
  const found = { text: "", reloads: 0, failures: [] as string[] };
  const output = new Output(
    {
      write: (one) => (found.text += one),
      reloaded: () => (found.text += "RELOADED\n"),
      failed: (kind) => void found.failures.push(kind),
    },
    options,
  );
  for (let at = 0; at < text.length; at += size) output.push(text.slice(at, at + size));
  return found;
}

describe("wrangler's output", () => {
  const shown = "loaded {\n  a: 1\n\n}\n▲ [WARNING] something that matters\nRELOADED\n";

  it.each([1, 7, 10_000])(
    "is reduced to the app's own lines, warnings and errors, whatever pieces it arrives in (%i characters)",
    (size) => {
      expect(printed(SESSION, {}, size)).toMatchObject({ text: expect.stringMatching(/^\n?loaded/), failures: [] });
      expect(printed(SESSION, {}, size).text.trimStart()).toBe(shown);
    },
  );

  it("keeps its colours for people only", () => {
    expect(printed(SESSION, { isColoured: true }).text).toContain("\u001b[33m▲");
  });

  it("is complete when that is asked for", () => {
    expect(printed(SESSION, { isRaw: true }).text).toContain("[wrangler:info] GET /health 200 OK (9ms)\n");
  });

  it("has an error of the app once, without the runtime's report of it", () => {
    expect(printed(THROWN)).toMatchObject({
      text: "✘ [ERROR] service core:user:rooms: Uncaught Error: no such thing\n\n    at null.<anonymous> (worker.js:28676:7)\n",
      failures: ["load", "load"],
    });
  });

  it("shows the runtime's messages that are not about the app's errors", () => {
    const [, runtime = ""] = /(✘ \[ERROR\] The Workers runtime[^]*)$/.exec(THROWN) ?? [];
    expect(printed(runtime)).toMatchObject({ text: expect.stringMatching(/Runtime stderr:\n {2}\{"timestamp/), failures: ["other"] });
  });

  it("shows code that does not compile as such", () => {
    expect(printed(`✘ [ERROR] Build failed with 1 error:\n\n  ✘ [ERROR] Unexpected ";"\n`).failures).toEqual(["build"]);
  });
});
