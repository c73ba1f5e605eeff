/** The HTTP contract in the test pool, where coverage is measured. `test/e2e/contract.test.ts` asks the same of a real `wrangler dev`. */

import { env, exports } from "cloudflare:workers";
import { contract } from "../contract/contract.ts";
import { API_TOKENS } from "../contract/http.ts";

Object.assign(env, { API_TOKENS });

contract((path, request) => exports.default.fetch(`http://headspring${path}`, request));
