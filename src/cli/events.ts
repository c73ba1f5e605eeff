/** An event as one line. */

import { paint, print, shown, toJson } from "./terminal.ts";

interface Shown {
  readonly position?: number;
  readonly stream?: string;
  readonly version?: number;
  readonly type?: string;
  readonly time?: string;
  readonly data?: unknown;
}

export function printEvent(event: unknown, isJson: boolean): void {
  if (isJson) return print(toJson(event));
  const { position, stream, version, type, time, data } = event as Shown;
  print(
    [
      paint("dim", `${position ?? "-"}  ${shown(time)}  ${shown(stream)}@${version}`),
      paint("cyan", shown(type)),
      data === undefined ? "" : shown(data),
    ].join("  "),
  );
}
