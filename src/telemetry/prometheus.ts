/** Figures in the text format of Prometheus, version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/). Pure. */

export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export type Labels = Readonly<Record<string, string>>;

/** One figure: what it counts, and its values by labels. */
export interface Family {
  /** `[a-zA-Z_:][a-zA-Z0-9_:]*`; a counter's ends with `_total`. */
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly samples: readonly (readonly [labels: Labels, value: number])[];
}

export function gauge(name: string, help: string, samples: Family["samples"]): Family {
  return { name: `headspring_${name}`, type: "gauge", help, samples };
}

export function counter(name: string, help: string, samples: Family["samples"]): Family {
  return { name: `headspring_${name}`, type: "counter", help, samples };
}

/** RFC 3339 as seconds since 1970. */
export function secondsOf(time: string): number {
  return Date.parse(time) / 1_000;
}

/** The text of these figures. Those without a value are left out. */
export function metricsText(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, type, help, samples }) => {
      const lines = samples.map(([labels, value]) => `${name}${labelsText(labels)} ${value}`);
      return [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`, ...lines, ""].join("\n");
    })
    .join("");
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
