/**
 * Forgets all of what is remembered once there is too much of it. Only for what costs no more than being found out again: keeping track of
 * what was used last would cost every use.
 */
export function makeRoom(remembered: Pick<Map<unknown, unknown>, "size" | "clear">, most: number): void {
  if (remembered.size >= most) remembered.clear();
}
