import { describe, inject } from "vitest";
import type { ReadKind } from "../../../src/definitions/sources/kind.ts";
import { mqtt } from "../../../src/sources/mqtt/index.ts";
import { IS_LONG } from "../../effort.ts";
import { type Outside, readKindContract } from "../kind-contract.ts";
import { freshOutside, json, publish, server } from "./broker.ts";

async function outside(more: object = {}): Promise<Outside> {
  const { topic, settings, variables } = freshOutside(more);
  return {
    settings,
    variables,
    put: (names) => publish(names.map((id) => json(`${topic}/words`, { id }))),
    nameOf: ({ value }) => (value.data as { id: string }).id,
    breakConnections: () => server.act("break"),
  };
}

describe.skipIf(!inject("servers").mqtt)("MQTT", () => {
  const kind = mqtt.kind as ReadKind;
  readKindContract({ name: "MQTT 5", kind }, () => outside());
  if (!IS_LONG) return;
  readKindContract({ name: "MQTT 3.1.1", kind }, () => outside({ version: "3.1.1" }));
});
