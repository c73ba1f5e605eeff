/** The formats of JSON Schema, draft 2020-12, that are checked; all others are annotations. Pure. */

const HEX_PAIR = "%[0-9a-f]{2}";

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
/** Without leading zeros, which some readers take for octal. */
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const IPV6_GROUP = /^[0-9a-f]{1,4}$/i;

function isIpv6(text: string): boolean {
  const halves = text.split("::");
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  // An IPv4 address may replace the last two groups.
  const ends = !text.endsWith("::") && IPV4.test(groups.at(-1) ?? "");
  if (ends) groups.splice(-1, 1, "0", "0");
  if (!groups.every((group) => IPV6_GROUP.test(group))) return false;
  return halves.length === 2 ? groups.length < 8 : halves.length === 1 && groups.length === 8;
}

const HOSTNAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** The name before the `@` may be quoted; the host may be an address in brackets. */
const EMAIL =
  /^("(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"|[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*)@(.+)$/i;
const EMAIL_NAME_CHARACTERS = 64; // RFC 5321

function isEmail(text: string): boolean {
  const [, name = "", host = ""] = EMAIL.exec(text) ?? [];
  if (name === "" || name.length > EMAIL_NAME_CHARACTERS) return false;
  const [, tag, address = ""] = /^\[(ipv6:)?(.*)\]$/i.exec(host) ?? [];
  if (address === "") return HOSTNAME.test(host);
  return tag === undefined ? IPV4.test(address) : isIpv6(address);
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;

function isDate(text: string): boolean {
  const [year = 0, month = 0, day = 0] = (DATE.exec(text) ?? []).slice(1).map(Number);
  if (month < 1 || month > 12 || day < 1) return false;
  // `Date.UTC` takes a year below 100 for a year of the 20th century; the calendar repeats after 400 years.
  return day <= new Date(Date.UTC(year + 400, month, 0)).getUTCDate();
}

const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:z|([+-]\d\d):(\d\d))$/i;

/** As RFC 3339 requires: with an offset, and a 60th second only at the end of a UTC day. */
function isTime(text: string): boolean {
  const found = TIME.exec(text);
  if (!found) return false;
  const [hour, minute, second, offsetHour, offsetMinute] = found.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (hour > 23 || minute > 59 || second > 60 || Math.abs(offsetHour) > 23 || offsetMinute > 59) return false;
  const offset = offsetHour * 60 + (found[4]?.startsWith("-") ? -offsetMinute : offsetMinute);
  return second < 60 || (hour * 60 + minute - offset + 2 * 1_440) % 1_440 === 1_439;
}

function isDateTime(text: string): boolean {
  return /^t$/i.test(text.charAt(10)) && isDate(text.slice(0, 10)) && isTime(text.slice(11));
}

/** Three units without a gap between them: RFC 3339 allows `1Y2M3D`, but not `1Y3D`. */
function units(first: string, second: string, third: string): string {
  const two = `\\d+${second}(?:\\d+${third})?`;
  return `(?:\\d+${first}(?:${two})?|${two}|\\d+${third})`;
}
const OF_DAY = `T${units("H", "M", "S")}`;
const DURATION = new RegExp(`^P(?:\\d+W|${units("Y", "M", "D")}(?:${OF_DAY})?|${OF_DAY})$`);

const SEGMENT_CHARACTER = `(?:[\\w.~!$&'()*+,;=:@-]|${HEX_PAIR})`;
const AUTHORITY = `(?:(?:[\\w.~!$&'()*+,;=:-]|${HEX_PAIR})*@)?(?:\\[([^\\]]*)\\]|(?:[\\w.~!$&'()*+,;=-]|${HEX_PAIR})*)(?::\\d*)?`;
const AFTER_PATH = `(?:\\?(?:${SEGMENT_CHARACTER}|[/?])*)?(?:#(?:${SEGMENT_CHARACTER}|[/?])*)?`;
const HIERARCHY = `(?://${AUTHORITY}(?:/${SEGMENT_CHARACTER}*)*|(?!//)(?:${SEGMENT_CHARACTER}|/)*)${AFTER_PATH}`;
const URI = new RegExp(`^[a-z][a-z0-9+.-]*:${HIERARCHY}$`, "i");
/** Without a scheme, the first segment must not have a colon, because it would be taken for a scheme. */
const RELATIVE_URI = new RegExp(`^(?![^/?#]*:)${HIERARCHY}$`, "i");
const FUTURE_ADDRESS = /^v[0-9a-f]+\.[\w.~!$&'()*+,;=:-]+$/i;

function isUri(pattern: RegExp, text: string): boolean {
  const found = pattern.exec(text);
  return found !== null && (found[1] === undefined || isIpv6(found[1]) || FUTURE_ADDRESS.test(found[1]));
}

const VARIABLE = `(?:\\w|${HEX_PAIR})+(?:\\.(?:\\w|${HEX_PAIR})+)*(?::[1-9]\\d{0,3}|\\*)?`;
const URI_TEMPLATE = new RegExp(
  `^(?:[^\\x00-\\x20\\x7f"<>%\\\\^\`{|}]|${HEX_PAIR}|\\{[+#./;?&=,!@|]?${VARIABLE}(?:,${VARIABLE})*\\})*$`,
  "i",
);

function isRegex(text: string): boolean {
  try {
    return Boolean(new RegExp(text, "u"));
  } catch {
    return false;
  }
}

function like(pattern: RegExp): (text: string) => boolean {
  return (text) => pattern.test(text);
}

/** Whether a string is of the format, by the format's name. */
export const FORMATS: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ["date-time", isDateTime],
  ["date", isDate],
  ["time", isTime],
  ["duration", like(DURATION)],
  ["email", isEmail],
  ["hostname", like(HOSTNAME)],
  ["ipv4", like(IPV4)],
  ["ipv6", isIpv6],
  ["uri", (text) => isUri(URI, text)],
  ["uri-reference", (text) => isUri(URI, text) || isUri(RELATIVE_URI, text)],
  ["uri-template", like(URI_TEMPLATE)],
  ["uuid", like(/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i)],
  ["json-pointer", like(/^(?:\/(?:[^~/]|~[01])*)*$/)],
  ["relative-json-pointer", like(/^(?:0|[1-9]\d*)(?:#|(?:\/(?:[^~/]|~[01])*)*)$/)],
  ["regex", isRegex],
]);
