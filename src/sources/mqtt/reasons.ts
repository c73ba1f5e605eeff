/** Why a broker refuses, in words. MQTT has numbers for it: 5 and 3.1.1 others. */

import { SourceStopped } from "../../definitions/sources/kind.ts";
import type { ConnectOptions } from "./packets.ts";

const REASONS: Readonly<Record<number, string>> = {
  0x80: "no reason given",
  0x82: "protocol error",
  0x87: "the user is not allowed to",
  0x88: "it is not available",
  0x89: "it is busy",
  0x8a: "the client is banned",
  0x8b: "it shuts down",
  0x8d: "the keep-alive time is over",
  0x8f: "the filter of topics is not valid for it",
  0x93: "it was sent too much at once",
  0x95: "a packet is too large",
  0x97: "a quota is used up",
  0x98: "an administrator ended it",
  0x9c: "use another server",
  0x9d: "the server has moved",
  0x9e: "it has no shared subscriptions",
  0x9f: "too many connections",
  0xa1: "it has no subscription identifiers",
  0xa2: "it has no wildcards",
};

export function reasonOf(code: number): string {
  return REASONS[code] ?? `reason ${code}`;
}

/** What a refused connection means. Before 0x80 they are of MQTT 3.1.1, which a broker answers that knows no 5. */
export function refusal({ version, clientId, user }: ConnectOptions, code: number, where: string): Error {
  switch (code) {
    case 0x84:
    case 1:
      return new SourceStopped(`the MQTT broker does not know version ${version}: set \`version\` to "${version === "5" ? "3.1.1" : "5"}"`);
    case 0x85:
    case 2:
      return new SourceStopped(`the MQTT broker refuses the client id ${clientId}: set another in \`clientId\``);
    case 0x86:
    case 0x87:
    case 4:
    case 5:
      // Tried again: somebody may correct the secret.
      return new Error(
        user === undefined
          ? `the MQTT broker asks for credentials: name their secret in \`credentials\``
          : "the MQTT broker refuses the credentials",
      );
    case 3:
      return new Error(`the MQTT broker whose address is in ${where} is not available`);
    default:
      return new Error(`the MQTT broker refuses the connection: ${reasonOf(code)}`);
  }
}
