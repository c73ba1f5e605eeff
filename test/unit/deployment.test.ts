import { describe, expect, it } from "vitest";
import { deploymentOf } from "../../src/store/deployment.ts";

const told = (CF_VERSION_METADATA?: unknown) => deploymentOf({ CF_VERSION_METADATA } as unknown as Env);

describe("the version of the code that runs", () => {
  it("is the one in the platform's binding, with the time of its upload", () => {
    const binding = { id: "5bdf7b3e-4a44-4c09-93c1-2d9f0e2b3a1c", tag: "", timestamp: "2026-11-26T10:00:00.123456Z" };
    expect(told(binding)).toEqual({ id: binding.id, at: Date.UTC(2026, 10, 26, 10, 0, 0, 123) });
  });

  it("is unknown without the binding, or if the binding has nothing that can be ordered", () => {
    const timestamp = "2026-11-26T10:00:00Z";
    const useless = [
      undefined,
      null,
      {},
      { id: "a" },
      { timestamp },
      { id: "", timestamp },
      { id: 1, timestamp },
      { id: "a", timestamp: "soon" },
    ];
    for (const binding of [
      ...useless,
      { id: "a", timestamp: "" },
      { id: "a", timestamp: 5 },
      { id: "a", timestamp: "-000001-01-01T00:00:00Z" },
    ])
      expect(told(binding), JSON.stringify(binding)).toBeUndefined();
  });
});
