/** Reads the text format of Prometheus, version 0.0.4, as strictly as its description allows. */

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Parsed {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
/** In quotes: anything but a quote, a backslash and a line break, or one of the three escapes. */
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`;
const SAMPLE = new RegExp(String.raw`^(${NAME})(?:\{(${LABEL}(?:,${LABEL})*)\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|NaN|[+-]Inf)$`);

/**
 * The families in the figures, by name.
 *
 * @throws when a line is not of the format, a family comes twice or in pieces, a sample comes twice, or has no family before it
 */
export function parsePrometheus(text: string): Map<string, Parsed> {
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  const families = new Map<string, { type: string; help: string; samples: Sample[] }>();
  const seen = new Set<string>();
  let current = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const [, help, helpText = ""] = new RegExp(String.raw`^# HELP (${NAME}) ((?:[^\\\n]|\\[\\n])*)$`).exec(line) ?? [];
    const [, typed, type = ""] = new RegExp(`^# TYPE (${NAME}) (counter|gauge)$`).exec(line) ?? [];
    const [, name, labels = "", value] = SAMPLE.exec(line) ?? [];
    if (help !== undefined) {
      if (families.has(help)) throw new Error(`${help} comes twice`);
      families.set(help, { type: "", help: helpText, samples: [] });
      current = help;
    } else if (typed !== undefined) {
      const family = families.get(typed);
      if (!family || typed !== current || family.type !== "" || family.samples.length > 0) throw new Error(`a type out of place: ${line}`);
      if (typed.endsWith("_total") !== (type === "counter")) throw new Error(`a counter ends with _total, and nothing else does: ${line}`);
      family.type = type;
    } else if (name !== undefined) {
      const family = families.get(name);
      if (!family?.type || name !== current) throw new Error(`a sample out of place: ${line}`);
      if (seen.has(`${name}{${labels}}`)) throw new Error(`a sample comes twice: ${line}`);
      seen.add(`${name}{${labels}}`);
      family.samples.push({ labels: parseLabels(labels), value: Number(value) });
    } else throw new Error(`not a line of the format: ${JSON.stringify(line)}`);
  }
  return families;
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name = "", value = ""] of text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
    if (name in labels) throw new Error(`label ${name} comes twice`);
    labels[name] = value.replaceAll(/\\(.)/g, (_escape, char: string) => (char === "n" ? "\n" : char));
  }
  return labels;
}
