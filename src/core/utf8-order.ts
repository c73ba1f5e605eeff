/**
 * The order of strings by their UTF-8 bytes, in which SQLite sorts: negative, 0 or positive. JavaScript's own order is by UTF-16 units, and
 * differs where one of two characters is beyond the basic plane.
 */
export function compareUtf8(a: string, b: string): number {
  if (a === b) return 0;
  const end = Math.min(a.length, b.length);
  for (let at = 0; at < end; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Half of a surrogate pair stands for a character that comes after all of the basic plane. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
