/** Places in the server's log. Ours have all their digits, as the decoder writes them, so that they compare as strings. */

/** `00000000/016B3748`. */
export type Lsn = string;

/** From what the server writes: `0/16B3748`. */
export function lsn(text: string): Lsn {
  const [high = "", low = ""] = text.split("/");
  return `${high.padStart(8, "0")}/${low.padStart(8, "0")}`.toUpperCase();
}

/** As the server and its tools write it. */
export function shown(place: Lsn): string {
  return place.replace(/^0{1,7}/, "").replace(/\/0{1,7}/, "/");
}

/** How many bytes of log lie between two places; 0 when the second is not behind the first. */
export function bytesBetween(from: Lsn, to: Lsn): number {
  return Math.max(0, Number(whole(to) - whole(from)));
}

function whole(place: Lsn): bigint {
  const [high, low] = place.split("/");
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}
