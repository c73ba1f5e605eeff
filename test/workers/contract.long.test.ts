/** The HTTP contract in the test pool, where coverage is measured. `test/e2e/contract.test.ts` asks the same of a real `wrangler dev`. */

import { env, exports } from "cloudflare:workers";
import { afterAll, beforeAll } from "vitest";
import { contract } from "../contract/contract.ts";
import { API_TOKENS } from "../contract/http.ts";

beforeAll(() => void Object.assign(env, { API_TOKENS }));
afterAll(() => void Reflect.deleteProperty(env, "API_TOKENS"));

contract((path, request) => exports.default.fetch(`http://headspring${path}`, request));
