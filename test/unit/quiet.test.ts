import { describe, expect, it } from "vitest";
import { Quiet } from "../quiet.ts";

const EXPECTED = "uncaught exception; source = Uncaught (in promise); stack = Error: as the test wants\n";

/** What a run writes, and what of it is to be seen. */
function run() {
  const seen: string[] = [];
  const stream = { write: (chunk: string | Uint8Array) => seen.push(String(chunk)) > 0 };
  const reporter = new Quiet([stream]);
  return { seen, stream, reporter };
}

describe("what a run of the tests prints besides its tests", () => {
  it("has none of the runtime's messages about exceptions when all passed", () => {
    const { seen, stream, reporter } = run();
    stream.write(EXPECTED);
    reporter.onTestRunEnd([], [], "passed");
    expect(seen).toEqual([]);
  });

  it.each([
    "uncaught exception; exception = workerd/jsg/value.h:1535: failed: jsg.Error: the object is gone\n",
    "stack: /a/node_modules/@cloudflare/workerd-linux-64/bin/workerd@3ed0574\n",
    "exception = kj/compat/http.c++:4784: disconnected: other end of WebSocketPipe was destroyed\n",
    "NOSENTRY SQLite alarm handler canceled with requestScheduledAlarm.; scheduledTime = 1\n",
    "console warning; message = Called .text() on an HTTP body which does not appear to be text.\n",
  ])("has none of the runtime's other messages when all passed: %s", (noise) => {
    const { seen, stream, reporter } = run();
    stream.write(noise);
    reporter.onTestRunEnd([], [], "passed");
    expect(seen).toEqual([]);
  });

  it.each([
    ["a test failed", "failed", []],
    ["it was interrupted", "interrupted", []],
    ["there was an error outside of the tests", "passed", [new Error("unexpected")]],
  ] as const)("has all of that, when %s", (_when, reason, errors) => {
    const { seen, stream, reporter } = run();
    stream.write(EXPECTED);
    stream.write("uncaught exception; source = Uncaught; stack = Error: unexpected\n");
    reporter.onTestRunEnd([], errors, reason);
    expect(seen).toEqual([EXPECTED, "uncaught exception; source = Uncaught; stack = Error: unexpected\n"]);
  });

  it("has none of the runtime's messages after the end of a run that passed, and all of them after one that failed", () => {
    const { seen, stream, reporter } = run();
    reporter.onTestRunEnd([], [], "passed");
    stream.write(EXPECTED);
    expect(seen).toEqual([]);
    reporter.onTestRunStart();
    reporter.onTestRunEnd([], [], "failed");
    stream.write(EXPECTED);
    expect(seen).toEqual([EXPECTED, EXPECTED]);
  });

  it("has everything else at once, even lines that only mention an exception", () => {
    const { seen, stream } = run();
    const others = ["*** Fatal uncaught kj::Exception\n", `a test says: ${EXPECTED}`, "service core: uncaught exception; source = x\n"];
    for (const other of others) stream.write(other);
    expect(seen).toEqual(others);
  });
});
