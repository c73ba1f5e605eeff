/** The HTTP contract in the test pool. `test/e2e/contract.test.ts` asks the same of a real `wrangler dev`. */

import { env, exports } from "cloudflare:workers";
import { API_TOKENS } from "../contract/http.ts";
import { contract } from "../contract/contract.ts";

Object.assign(env, { API_TOKENS });

contract((path, request) => exports.default.fetch(`http://headspring${path}`, request));
