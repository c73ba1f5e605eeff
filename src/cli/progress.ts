/** How far something is that takes long: one line on stderr, for somebody who watches. */

const WIDTH = 24;

export interface Progress {
  /** @param rest what else to say, such as the time that is left */
  at(done: number, total: number, rest?: string): void;
  /** Takes the line away: what comes next is the result. */
  end(): void;
}

export function progressOf(label: string, unit: string): Progress {
  const { stderr } = process;
  // A person only: a script's log would be full of lines.
  if (!stderr.isTTY) return { at: () => {}, end: () => {} };
  return {
    at: (done, total, rest = "") => {
      const share = total === 0 ? 1 : Math.min(1, done / total);
      const bar = "█".repeat(Math.round(share * WIDTH)).padEnd(WIDTH, "░");
      stderr.write(`\r\u001B[K${label} ${bar} ${Math.floor(share * 100)} %  ${done} of ${total} ${unit}${rest}`);
    },
    end: () => stderr.write("\r\u001B[K"),
  };
}
