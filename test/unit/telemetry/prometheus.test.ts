/** Figures as Prometheus reads them. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { metricsText } from "../../../src/telemetry/prometheus.ts";
import { parsePrometheus } from "../../prometheus.ts";

describe("figures in Prometheus' format", () => {
  it("have their help, their type, and a line for each value", () => {
    const text = metricsText([
      { name: "events_total", type: "counter", help: "Events.", samples: [[{ store: "a", consumer: "b" }, 3]] },
      { name: "lag", type: "gauge", help: "Behind.", samples: [[{}, 0.5]] },
      { name: "nothing", type: "gauge", help: "Left out.", samples: [] },
    ]);
    expect(text).toBe(
      [
        "# HELP events_total Events.",
        "# TYPE events_total counter",
        'events_total{store="a",consumer="b"} 3',
        "# HELP lag Behind.",
        "# TYPE lag gauge",
        "lag 0.5",
        "",
      ].join("\n"),
    );
  });

  it("are unchanged after a strict parser, whatever is in labels and help", () => {
    const odd = fc.string({ unit: fc.constantFrom('"', "\\", "\n", "n", "{", "}", ",", "=", "é", " ") });
    const same = fc.property(odd, odd, fc.double({ noNaN: true, noDefaultInfinity: true }), (label, help, value) => {
      const parsed = parsePrometheus(metricsText([{ name: "odd", type: "gauge", help, samples: [[{ label }, value]] }])).get("odd");
      return parsed?.samples[0]?.labels.label === label && Object.is(parsed.samples[0].value, value + 0);
    });
    expect(fc.check(same)).toMatchObject({ failed: false });
  });
});
