/** The HTTP contract in the test pool, where coverage is measured. `test/e2e/contract.test.ts` asks the same of a real `wrangler dev`. */

import { env, exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import { contract } from "../contract/contract.ts";
import { lookUp, undocumentedAnswers } from "../contract/documented.ts";
import { API_TOKENS } from "../contract/http.ts";

Object.assign(env, { API_TOKENS });

contract(async (path, request) => {
  const response = await exports.default.fetch(`http://headspring${path}`, request);
  lookUp(request?.method ?? "GET", path, response.status);
  return response;
});

it("the OpenAPI document has every status that the contract's tests were answered with", () => expect(undocumentedAnswers()).toEqual([]));
