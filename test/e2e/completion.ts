/** Completion of the command line's words: by itself, and as bash, zsh and fish call it. For cli.test.ts, which has the server. */

import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import type { Client } from "../../scripts/client.ts";
import { temporaryFolder } from "../../scripts/dev-server.ts";
import { candidatesFor } from "../../src/cli/completion/candidates.ts";
import { createProgram } from "../../src/cli/program.ts";
import { call } from "./command-line.ts";

/** What a store has to answer in here, on a machine that does other things as well. */
const PATIENCE_MS = 60_000;

export function completion(client: () => Client): void {
  const words = async (...line: string[]) =>
    (await candidatesFor(createProgram(), line, PATIENCE_MS)).map((candidate) => candidate.split("\t")[0]);
  const inStore = (...line: string[]) => words("--url", client().url, "--store", "completed", "--token", "a-secret", ...line);

  const send = async (path: string, body: object, method = "POST") => {
    const { status } = await client().call(`/stores/completed${path}`, body, {}, method);
    expect(status).toBeLessThan(300);
  };

  beforeAll(async () => {
    for (const sku of ["apple", "apricot", "pear"]) await send(`/aggregates/product/${sku}/ReceiveStock`, { quantity: 1 });
    const events = { "read:v1": { type: "object" }, pay$HOME: { type: "object" } };
    await send("/streams/sensor", { events }, "PUT");
    await send("/sources/ticks", { kind: "ticker", ticker: "completed", to: "sensor", stream: "'x'", type: "'read:v1'" }, "PUT");
    for (const id of ["`id`", "a b", "ok:1", "x;y"]) await send(`/streams/sensor/${encodeURIComponent(id)}`, { type: "read:v1", data: {} });
  });

  it("commands and options are offered without a store", async () => {
    expect(await words("re")).toEqual(["read", "resume", "retry", "reset", "rebuild"]);
    expect(await words("help", "to")).toEqual(["token"]);
    expect(await words("reset", "x", "--po")).toEqual(["--position"]);
    expect(await words("tail", "--st")).toEqual(["--stream", "--store"]);
    expect(await words("token", "--rights", "read,ad")).toEqual(["read,admin"]);
    expect(await words("completion", "")).toEqual(["bash", "zsh", "fish"]);
    expect(await words("import", "")).toEqual([":files"]);
    expect(await words("no-such-command", "")).toEqual([]);
    expect(await words("com")).not.toContain("complete");
  });

  it("names are offered in the store's spelling", async () => {
    const cases: readonly [line: readonly string[], offered: readonly string[]][] = [
      [["read", "pro"], ["product/"]],
      [
        ["read", "product/ap"],
        ["product/apple", "product/apricot"],
      ],
      [["state", "sen"], []],
      [["append", "sen"], ["sensor/"]],
      [
        ["command", "product/apple", "Re"],
        ["ReceiveStock", "ReserveStock", "ReleaseStock"],
      ],
      [["append", "sensor/x", "r"], ["read:v1"]],
      [
        ["view", "sto"],
        ["stock", "stock-by-product"],
      ],
      [["view", "stock", "av"], ["available="]],
      [["consumers", "ful"], ["fulfilment"]],
      [
        ["sources", "re"],
        ["resume", "retry", "reset"],
      ],
      [["sources", "pause", "ti"], ["ticks"]],
      [
        ["reset", "--position", "1", "sto"],
        ["stock", "stock-by-product"],
      ],
      [["rebuild", "tot"], ["totals"]],
      [["tail", "--type", "StockRec"], ["StockReceived"]],
      [["tail", "--type=StockRec"], ["--type=StockReceived"]],
      [["tail", "--category", "senso"], ["sensor"]],
      [["--store", "complet"], ["completed"]],
      [["token", "--aggregates", "order:Place,product:Rec"], ["order:Place,product:ReceiveStock"]],
    ];
    const answers = await Promise.all(cases.map(([line]) => inStore(...line)));
    expect(answers).toEqual(cases.map(([, offered]) => offered));
  });

  it("a name that a shell would execute is not offered", async () => {
    expect(await inStore("read", "sensor/")).toEqual(["sensor/ok:1"]);
    expect(await inStore("tail", "--type", "pay")).toEqual([]);
  });

  it("a store that does not answer, that refuses, or that is another program leads to no offers and no output", async () => {
    const other = createServer((_request, response) => response.end("<html>"));
    const silent = createServer(() => {});
    for (const one of [other, silent]) await once(one.listen(0, "127.0.0.1"), "listening");
    const urls = [other, silent].map((one) => `http://127.0.0.1:${(one.address() as AddressInfo).port}`);
    const answers = await Promise.all(
      ["http://127.0.0.1:9", "nonsense", ...urls].map((url) => call(["complete", "--", "--url", url, "view", ""])),
    );
    expect(answers.map(({ status, stdout, stderr }) => [status, stdout, stderr])).toEqual(answers.map(() => [0, "", ""]));
    silent.closeAllConnections();
    for (const one of [other, silent]) one.close();
  });

  /** The command is on the path, as after an installation; a shell that this machine does not have is not tried. */
  const path = join(temporaryFolder(), "bin");
  const inShell = (shell: string, args: readonly string[]) => {
    mkdirSync(path, { recursive: true });
    const main = join(import.meta.dirname, "../../src/cli/main.ts");
    writeFileSync(join(path, "headspring"), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`, { mode: 0o755 });
    const environment = {
      HEADSPRING_URL: client().url,
      HEADSPRING_STORE: "completed",
      HEADSPRING_TOKEN: "a-secret",
      HEADSPRING_COMPLETION_MS: String(PATIENCE_MS),
    };
    const { stdout, stderr, status } = spawnSync(shell, args, {
      encoding: "utf8",
      env: { ...process.env, ...environment, PATH: `${path}:${process.env.PATH}` },
    });
    expect([status, stderr]).toEqual([0, ""]);
    return stdout
      .split("\n")
      .filter((line) => line !== "")
      .toSorted();
  };
  const has = (shell: string) => spawnSync(shell, ["-c", "exit"]).status === 0;

  it.skipIf(!has("bash"))("bash completes a line, colons included, and leaves files to bash", () => {
    const of = (line: string) => `COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}; _headspring; printf '%s\n' "\${COMPREPLY[@]}"`;
    const lines = ["headspring read product/ap", "headspring append sensor/x read:", "headspring import x"];
    const script = `eval "$(headspring completion bash)"; ${lines.map(of).join("; ")}`;
    expect(inShell("bash", ["-c", script])).toEqual(["product/apple", "product/apricot", "v1"]);
  });

  it.skipIf(!has("zsh"))("zsh completes a line", () => {
    const script = `eval "$(headspring completion zsh)"; compadd() { print -l -- "\${(@P)@[-1]}" }; words=(headspring view sto); CURRENT=3; _headspring; words=(headspring read pro); _headspring`;
    expect(inShell("zsh", ["-f", "-c", script])).toEqual(["product/", "stock", "stock-by-product"]);
  });

  it.skipIf(!has("fish"))("fish completes a line, with a description of each name", () => {
    const script = `headspring completion fish | source; complete -C "headspring view sto"`;
    expect(inShell("fish", ["--no-config", "-c", script])).toEqual([
      expect.stringMatching(/^stock\t/),
      expect.stringMatching(/^stock-by-product\t/),
    ]);
  });
}
