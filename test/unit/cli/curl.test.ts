/** Calls as lines for a shell: whatever is in them, the shell passes it on as it is. */

import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { curlOf } from "../../../src/cli/dev/curl.ts";
import { placeIn } from "../../../src/cli/dev/project.ts";

const TARGET = { address: "localhost:8787", isSelfSigned: false, token: undefined };

/** The arguments that curl gets. */
function argumentsOf(line: string, environment: Record<string, string> = {}): string[] {
  const script = `curl() { printf '%s\\0' "$@"; }\n${line}`;
  return execFileSync("sh", ["-c", script], { encoding: "utf8", env: { ...process.env, ...environment } })
    .split("\0")
    .slice(0, -1);
}

describe("a call as a shell command", () => {
  it.each<[what: string, value: unknown]>([
    ["quotes", { name: `d'Arcy "the" 'second'` }],
    ["what a shell would expand", { name: "$HOME `id` \\ ! *" }],
    ["lines and what steers terminals", { name: "a\nb\u001b[31m\u009b\u202e" }],
    ["nested data", { a: [1, { b: null }, []], c: {} }],
    ["text beyond ASCII", { name: "né 中 🦀" }],
  ])("sends %s as they are", (_what, body) => {
    const line = curlOf({ method: "POST", path: "/streams/a/1", body }, TARGET);
    // oxlint-disable-next-line no-control-regex -- they must not be there
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    const args = argumentsOf(line);
    expect(args.slice(0, 3)).toEqual(["-s", "localhost:8787/streams/a/1", "-d"]);
    expect(JSON.parse(args[3]!)).toEqual(body);
  });

  it("is short where nothing has to be quoted, and quotes what some shells would expand", () => {
    expect(curlOf({ method: "GET", path: "/log" }, TARGET)).toBe("curl -s localhost:8787/log");
    expect(curlOf({ method: "PUT", path: "/streams/note", body: {} }, TARGET)).toBe("curl -s -X PUT localhost:8787/streams/note -d '{}'");
    expect(curlOf({ method: "GET", path: "/views/a?consistency=strong" }, TARGET)).toBe(
      "curl -s 'localhost:8787/views/a?consistency=strong'",
    );
  });

  it("has the headers of the call", () => {
    const call = { method: "POST", path: "/aggregates/user/1/InsertUser", headers: { "If-None-Match": "*" }, body: {} } as const;
    expect(curlOf(call, TARGET)).toBe("curl -s -H 'If-None-Match: *' localhost:8787/aggregates/user/1/InsertUser -d '{}'");
  });

  it("names the variable of a token, not the token", () => {
    const line = curlOf({ method: "GET", path: "/log" }, { address: "https://localhost:1", isSelfSigned: true, token: "MY_TOKEN" });
    expect(line).toBe('curl -sk -H "Authorization: Bearer $MY_TOKEN" https://localhost:1/log');
    expect(argumentsOf(line, { MY_TOKEN: "secret value" })[2]).toBe("Authorization: Bearer secret value");
  });
});

it.each<[what: string, config: object, flags: Parameters<typeof placeIn>[1], place: object]>([
  ["without a word", {}, {}, { port: 8787, ip: "127.0.0.1", url: "http://127.0.0.1:8787", shown: "localhost:8787", isSelfSigned: false }],
  [
    "the configuration",
    { dev: { port: 1, ip: "0.0.0.0", local_protocol: "https" } },
    {},
    { port: 1, ip: "0.0.0.0", url: "https://127.0.0.1:1", shown: "https://localhost:1", isSelfSigned: true },
  ],
  [
    "the command line before the configuration",
    { dev: { port: 1, local_protocol: "https" } },
    { port: 2, localProtocol: "http" },
    { port: 2, url: "http://127.0.0.1:2" },
  ],
  ["another address", {}, { ip: "192.0.2.1" }, { url: "http://192.0.2.1:8787", shown: "192.0.2.1:8787" }],
  ["an address of IPv6", {}, { ip: "2001:db8::1" }, { url: "http://[2001:db8::1]:8787" }],
  ["nonsense in the configuration", { dev: { port: "x", ip: 3 } }, {}, { port: 8787, ip: "127.0.0.1" }],
])("the store's address is the configured one: %s", (_what, config, flags, place) => {
  expect(placeIn(config as never, flags)).toMatchObject(place);
});
