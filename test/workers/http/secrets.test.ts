/** A secret holds some 27 tokens; a deployment with more has several secrets. */

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createHttp } from "../../../src/http/worker.ts";
import { app } from "../app.ts";
import { read } from "../support.ts";
import { deploymentWith } from "./tokens.ts";

const http = createHttp(app);

function list(...names: string[]): string {
  const hash = (name: string) => createHash("sha256").update(`hs_${name}`).digest("hex");
  return JSON.stringify(names.map((name) => ({ name, sha256: hash(name), rights: ["read"] })));
}

async function ask(variables: object, name: string) {
  const response = await http.request("/log", { headers: { authorization: `Bearer hs_${name}` } }, deploymentWith(variables));
  return { ...(await read(response)), status: response.status };
}

describe("tokens in several secrets", () => {
  it("are all known, even if a number is left out", async () => {
    const secrets = { API_TOKENS: list("first"), API_TOKENS_2: list("second", "third"), API_TOKENS_9: list("last") };
    for (const name of ["first", "second", "third", "last"]) expect(await ask(secrets, name)).toMatchObject({ status: 200 });
    expect(await ask(secrets, "nobody")).toMatchObject({ status: 401 });
  });

  it("are known without the first secret", async () => {
    expect(await ask({ API_TOKENS: "", API_TOKENS_3: list("only") }, "only")).toMatchObject({ status: 200 });
  });

  it("are read again when one of the secrets changes", async () => {
    expect(await ask({ API_TOKENS: list("a"), API_TOKENS_2: list("b") }, "b")).toMatchObject({ status: 200 });
    expect(await ask({ API_TOKENS: list("a"), API_TOKENS_2: list("c") }, "b")).toMatchObject({ status: 401 });
  });

  it("are all refused while one secret is not a list; the answer names that secret, and nothing in it", async () => {
    const answer = await ask(
      { API_TOKENS: list("a"), API_TOKENS_2: JSON.stringify([{ name: "hidden-name", sha256: "hidden-hash" }]) },
      "a",
    );
    expect(answer).toMatchObject({ status: 503, code: "auth-not-configured" });
    expect(answer.detail).toContain("API_TOKENS_2");
    expect(JSON.stringify(answer)).not.toContain("hidden");
  });

  it("are not looked for under other names", async () => {
    for (const name of ["API_TOKENS_1", "API_TOKENS_10", "API_TOKENS_02", "OLD_API_TOKENS"]) {
      expect(await ask({ API_TOKENS: list("a"), [name]: list("b") }, "b")).toMatchObject({ status: 401 });
    }
  });
});
