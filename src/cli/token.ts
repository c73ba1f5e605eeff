/** `token`: its options. */

import type { Command } from "commander";
import { withExamples } from "./examples.ts";
import type { TokenFlags } from "./make-token.ts";

export function addTokenCommands(program: Command): void {
  withExamples(
    program
      .command("token")
      .description("makes a token: the list for the secret API_TOKENS goes to stdout, the token, shown this once, to stderr")
      .option("--name <name>", "who will use it; it appears in the answers to requests that it may not make")
      .option("--rights <rights>", "one or more of read, write and admin, with commas between them; none includes another")
      .option("--stores <names>", "stores, with commas between them; * for all", "*")
      .option("--expires <when>", "days from now, such as 90d, or a time, such as 2027-01-01T00:00:00Z; without it never")
      .option("--categories <names>", "narrows it: categories whose streams it may read and, with the right to write, append to and delete")
      .option("--aggregates <names>", "narrows it: aggregates that it may read and send commands to; order:PlaceOrder is one command only")
      .option("--views <names>", "narrows it: views that it may query")
      .option("--list <file>", "the list so far, which the token is added to; - for stdin")
      .option("--replace", "the list has this name already: it gets another token, and the one before is no longer known")
      .action(async (flags: TokenFlags) => {
        // Loaded only now: the schemas of tokens take a tenth of a second, which every call would wait for.
        const { makeToken } = await import("./make-token.ts");
        makeToken(flags);
      }),
    "token --name me --rights read,write,admin | tee tokens.json | npx wrangler secret put API_TOKENS",
    "token --name kiosk --rights read,write --aggregates order:PlaceOrder --views ready-orders --list tokens.json > new.json",
    "token --name billing --rights read --stores live --expires 90d --list tokens.json --replace > new.json",
  );
}
