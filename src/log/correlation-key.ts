/**
 * The index's key for a correlation id: a hash, which is short, and says nothing of an id that was erased. Two ids may have the same one, so
 * a search compares the ids of the events that it finds.
 *
 * Two rounds of FNV-1a with different starting values, as one number of up to 52 bits. Stored: do not change it.
 */
export function correlationKey(id: string): string {
  return (fnv(id, 0x811c9dc5) * 0x100000 + (fnv(id, 0x050c5d1f) >>> 12)).toString(36);
}

function fnv(text: string, start: number): number {
  let hash = start;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
