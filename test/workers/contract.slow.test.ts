/** The HTTP contract in the test pool, where coverage is measured. `test/e2e/contract.test.ts` asks the same of a real `wrangler dev`. */

import { env, exports } from "cloudflare:workers";
import { afterAll, afterEach, beforeAll, beforeEach, vi } from "vitest";
import { contract } from "../contract/contract.ts";
import { API_TOKENS } from "../contract/http.ts";

beforeAll(() => void Object.assign(env, { API_TOKENS }));
// Over HTTP nobody sees what the service logs: the contract does not cover that.
beforeEach(() => void vi.spyOn(console, "error").mockReturnValue());
afterEach(() => vi.restoreAllMocks());
afterAll(() => void Reflect.deleteProperty(env, "API_TOKENS"));

contract((path, request) => exports.default.fetch(`http://headspring${path}`, request));
