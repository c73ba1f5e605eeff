/** Lines of the logs: one object each, and nothing in them that does not belong there. */

import { afterEach, describe, expect, it, vi } from "vitest";
import { LOG_ERROR_CHARACTERS } from "../../../src/core/limits.ts";
import { logger } from "../../../src/telemetry/logger.ts";

afterEach(() => vi.restoreAllMocks());

/** What is written to the console under this name. */
function written(level: "info" | "warn" | "error", write: () => void): Record<string, unknown> {
  const spy = vi.spyOn(console, level).mockReturnValue();
  write();
  expect(spy).toHaveBeenCalledTimes(1);
  expect(spy.mock.calls[0]).toHaveLength(1);
  return spy.mock.calls[0]?.[0] as Record<string, unknown>;
}

describe("a line in the logs", () => {
  it("is one object, at its level", () => {
    for (const level of ["info", "warn", "error"] as const) {
      const line = { message: "something happened", store: "default", stream: "order/1", consumer: "stock", correlationId: "c" };
      expect(written(level, () => logger[level](line))).toEqual(line);
    }
  });

  it("has an error as a string, with the place where it was thrown", () => {
    const { error } = written("error", () => logger.error({ message: "it failed" }, new TypeError("no such thing")));
    expect(error).toMatch(/^TypeError: no such thing\n +at /);
    expect(written("warn", () => logger.warn({ message: "it failed" }, "just a text")).error).toBe("just a text");
  });

  it("does not show secrets in an error", () => {
    const said =
      "fetch https://user:hunter2@pay.example/x with Authorization: Bearer t0ken-abc, basic dXNlcjpwdw== and whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw failed";
    const { error } = written("error", () => logger.error({ message: "it failed" }, said));
    expect(error).toBe(
      "fetch https://[redacted]@pay.example/x with Authorization: Bearer [redacted], basic [redacted] and whsec_[redacted] failed",
    );
  });

  it("is bounded, whatever an error contains", () => {
    const { error } = written("error", () => logger.error({ message: "it failed" }, "x".repeat(100_000)));
    expect(error).toHaveLength(LOG_ERROR_CHARACTERS + " …".length);
  });
});
