/** Where a stranger's project runs: nothing of the runner's own, neither npm's nor vitest's variables, and none of our commands in the path. */

import { delimiter } from "node:path";

export function strangersEnvironment(): NodeJS.ProcessEnv {
  const { HOME, PATH = "", npm_config_registry: registry } = process.env;
  const environment = {
    PATH: PATH.split(delimiter)
      .filter((folder) => !folder.includes("node_modules"))
      .join(delimiter),
    ...(HOME && { HOME }),
    ...(registry && { npm_config_registry: registry }),
    CI: "true",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_WRITE_LOGS: "false",
  };
  return environment as unknown as NodeJS.ProcessEnv;
}
