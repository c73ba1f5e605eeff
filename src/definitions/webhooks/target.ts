/** Where a webhook may point: never inside the network it is sent from, unless the deployment allows it. Pure. */

/** Names that resolve inside a network by convention, besides `localhost`. */
const PRIVATE_SUFFIXES = [".localhost", ".local", ".internal", ".home.arpa"];

/** First and last address of the IPv4 blocks that are not on the public internet (IANA special-purpose registry). */
const PRIVATE_IPV4 = (
  [
    ["0.0.0.0", "0.255.255.255"],
    ["10.0.0.0", "10.255.255.255"],
    ["100.64.0.0", "100.127.255.255"],
    ["127.0.0.0", "127.255.255.255"],
    ["169.254.0.0", "169.254.255.255"],
    ["172.16.0.0", "172.31.255.255"],
    ["192.0.0.0", "192.0.0.255"],
    ["192.0.2.0", "192.0.2.255"],
    ["192.168.0.0", "192.168.255.255"],
    ["198.18.0.0", "198.19.255.255"],
    ["198.51.100.0", "198.51.100.255"],
    ["203.0.113.0", "203.0.113.255"],
    ["224.0.0.0", "255.255.255.255"],
  ] as const
).map(([first, last]) => [ipv4Number(first), ipv4Number(last)] as const);

/** Characters that a URL parser silently drops or rewrites: the URL that is shown would not be the URL that is called. */
const UNSEEN =
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  /[\u0000-\u0020\u007f-\u00a0\\]|\p{White_Space}|\p{Default_Ignorable_Code_Point}|\p{Cf}|\p{Noncharacter_Code_Point}|\p{Surrogate}/u;

/** What is wrong with a webhook's URL, or undefined. The URL parser has already reduced every spelling of an address to one. */
export function targetProblem(text: string, allowPrivate: boolean): string | undefined {
  if (!URL.canParse(text)) return "not a URL";
  const url = new URL(text);
  if (url.protocol !== "https:" && !(allowPrivate && url.protocol === "http:"))
    return `a webhook's URL must begin with https://${allowPrivate ? ", or here also with http://" : ""}`;
  if (url.username !== "" || url.password !== "") return "a webhook's URL must not contain credentials";
  if (!allowPrivate && isPrivateHost(url.hostname)) return "a webhook's URL must not point into a private network";
  if (UNSEEN.test(text))
    return "a webhook's URL must not contain spaces, line breaks, backslashes, control or invisible characters: percent-encode them";
  return undefined;
}

function isPrivateHost(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.+$/, "");
  if (host.startsWith("[")) return isPrivateIpv6(host.slice(1, -1));
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) return isPrivateIpv4(ipv4Number(host));
  return !host.includes(".") || PRIVATE_SUFFIXES.some((suffix) => host.endsWith(suffix));
}

function isPrivateIpv4(address: number): boolean {
  return PRIVATE_IPV4.some(([first, last]) => address >= first && address <= last);
}

/** Only 2000::/3 is routed globally; within it, an address that wraps an IPv4 address is as private as that address. */
function isPrivateIpv6(address: string): boolean {
  const groups = ipv6Groups(address);
  const first = groups[0] ?? 0;
  if (first === 0x2002) return isPrivateIpv4((((groups[1] ?? 0) << 16) | (groups[2] ?? 0)) >>> 0); // 6to4
  if (first === 0x2001 && (groups[1] ?? 0) < 0x0200) return true; // Teredo and protocol assignments
  if (first === 0x2001 && groups[1] === 0x0db8) return true; // documentation
  return first < 0x2000 || first > 0x3fff;
}

/** The eight groups of an IPv6 address in the spelling that the URL parser produces (no embedded IPv4). */
function ipv6Groups(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
  return [...left, ...(tail === undefined ? [] : zeros), ...right].map((group) => Number.parseInt(group, 16));
}

function ipv4Number(dotted: string): number {
  return dotted.split(".").reduce((number, part) => number * 256 + Number(part), 0);
}
