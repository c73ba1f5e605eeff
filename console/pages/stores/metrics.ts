/** `GET /metrics`, read: the text format of Prometheus, as far as the store writes it. */

export interface Sample {
  /** Without `headspring_`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^headspring_(\w+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:\\.|[^"\\])*)"/g;

export function samplesOf(text: string): Sample[] {
  return text.split("\n").flatMap((line) => {
    const [, name, labels = "", value] = LINE.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, label, its]) => [
      label,
      its!.replaceAll(/\\(.)/g, (_all, char) => (char === "n" ? "\n" : char)),
    ]);
    return { name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) };
  });
}

/** The values of one figure. */
export function valuesOf(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number[] {
  return samples
    .filter((one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value))
    .map(({ value }) => value);
}

export function sumOf(samples: readonly Sample[], name: string, labels?: Readonly<Record<string, string>>): number {
  return valuesOf(samples, name, labels).reduce((sum, value) => sum + value, 0);
}
