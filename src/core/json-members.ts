/** The members of a JSON object as they were written: for data that is stored byte for byte. Pure. */

/**
 * Each member's own text, by its name. If a name occurs twice, the last one counts, as for `JSON.parse`.
 *
 * @param text a JSON object that `JSON.parse` has accepted: nothing is checked again
 */
export function membersOf(text: string): Map<string, string> {
  const members = new Map<string, string>();
  let at = text.indexOf("{") + 1;
  for (;;) {
    const name = text.indexOf('"', at);
    if (name === -1) return members; // only `}` and spaces are left
    const nameEnd = stringEnd(text, name);
    const begin = text.indexOf(":", nameEnd) + 1;
    const end = valueEnd(text, begin);
    members.set(JSON.parse(text.slice(name, nameEnd)) as string, text.slice(begin, end).trim());
    at = end + 1;
  }
}

/** The end of the value that begins here: before the comma or the bracket that closes the object. */
function valueEnd(text: string, begin: number): number {
  let depth = 0;
  let at = begin;
  for (; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = stringEnd(text, at) - 1;
    else if (character === "{" || character === "[") depth++;
    else if (depth === 0 && (character === "," || character === "}")) break;
    else if (character === "}" || character === "]") depth--;
  }
  return at;
}

/** The index right after the string that begins here. */
function stringEnd(text: string, begin: number): number {
  let at = begin + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
