/**
 * Values that are plain JSON: what states, rows and results are made of. They are frozen, so that no handler changes in place what others
 * see. A value that storage would not return unchanged is reported, with its path and kind, before it is stored.
 *
 * Plain values are null, booleans, strings, finite numbers, arrays of plain values without holes, and objects without a class that hold
 * plain values. A member that is `undefined` counts as absent. `-0` counts as the number 0, which is what it becomes when it is stored.
 */

/** Levels that a value may nest: above what any event or request may, and below what exhausts the stack. Ours. */
const DEPTH = 1_000;

/**
 * Values that are frozen to their leaves. `Object.isFrozen` is not enough: it does not look into an object, and a handler may have frozen
 * just the outermost one.
 */
const frozen = new WeakSet<object>();

/**
 * Members up to which an object without inner objects is not remembered: looking at it again costs less than the memory, which was most of a
 * fold of small events (measured).
 */
const FEW_MEMBERS = 16;

/**
 * Freezes arrays and plain objects, to their leaves. It skips what it has frozen before, so that a value which shares most of its parts
 * with an earlier one costs only what is new. Objects of a class stay as they are: they are not JSON, some of them cannot be frozen, and
 * others belong to other code.
 */
export function freeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  const open: object[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (frozen.has(next) || !(Array.isArray(next) || isPlain(next))) continue;
    const members = Object.values(Object.freeze(next)) as unknown[];
    const before = open.length;
    for (const member of members) if (typeof member === "object" && member !== null) open.push(member);
    // A cycle ends at an object that has inner ones.
    if (open.length > before || members.length > FEW_MEMBERS) frozen.add(next);
  }
  return value;
}

/** Results of {@link settle} in which nothing can be changed in place, except those of few members. */
const settled = new WeakSet<object>();

/**
 * The value as storage would return it, and frozen: members that are `undefined` are left out, and `-0` is 0. It is the same object if
 * there is nothing to leave out. Like {@link freeze}, it skips its own earlier results.
 */
export function settle<Value>(value: Value): Value {
  return settleWithin(value, []) as Value; // of the same type, because an absent member and an undefined one are read alike
}

/** Whether nothing in this result of {@link settle} can be changed in place: it holds no object of a class, no function, no cycle. */
export function isSettled(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "function";
  return settled.has(value) || isSmall(value);
}

/** Whether it is a frozen value that {@link settle} has no need to remember. */
function isSmall(value: object): boolean {
  if (!Object.isFrozen(value) || !(Array.isArray(value) || isPlain(value))) return false;
  const members = Object.values(value) as unknown[];
  return members.length <= FEW_MEMBERS && members.every((member) => (typeof member !== "object" || member === null) && isSettled(member));
}

/** @param within the objects that the value is part of */
function settleWithin(value: unknown, within: object[]): unknown {
  if (Object.is(value, -0)) return 0;
  if (typeof value !== "object" || value === null || settled.has(value)) return value;
  const isArray = Array.isArray(value);
  if (!(isArray || isPlain(value)) || within.length >= DEPTH || within.includes(value)) return value;
  within.push(value);
  const keys = Object.keys(value);
  const kept: unknown[] = [];
  let [isSame, hasInner, canKeep] = [true, false, true];
  for (const key of keys) {
    const member = (value as Record<string, unknown>)[key];
    const result = settleWithin(member, within);
    kept.push(result);
    isSame &&= Object.is(result, member) && (result !== undefined || isArray);
    hasInner ||= typeof result === "object" && result !== null;
    canKeep &&= isSettled(result);
  }
  within.pop();
  const result = isSame
    ? value
    : isArray
      ? kept
      : Object.fromEntries(keys.flatMap((key, at) => (kept[at] === undefined ? [] : [[key, kept[at]]])));
  Object.freeze(result);
  if (canKeep && (hasInner || kept.length > FEW_MEMBERS)) settled.add(result);
  return result;
}

/** The first thing in a value that is not plain JSON. */
export interface NotJson {
  /** Where it is, for example `state.lines.0.tags`. */
  readonly path: string;
  /** What it is, for example `a Set`, `NaN` or `undefined`. */
  readonly kind: string;
}

/**
 * The first thing in a value that JSON cannot hold, or would change; undefined: there is none.
 *
 * @param name what the value is called in the path; without it the path begins inside
 */
export function whyNotJson(value: unknown, name = ""): NotJson | undefined {
  return find(value, name, []);
}

/** @param within the objects that the value is part of */
function find(value: unknown, path: string, within: object[]): NotJson | undefined {
  const kind = kindOf(value, within);
  if (kind !== undefined) return { path, kind };
  if (typeof value !== "object" || value === null) return undefined;
  within.push(value);
  const isArray = Array.isArray(value);
  // `keys` of an array includes its holes.
  for (const key of isArray ? value.keys() : Object.keys(value)) {
    const member = (value as Record<string | number, unknown>)[key];
    if (member === undefined && !isArray) continue;
    const found = find(member, path === "" ? String(key) : `${path}.${key}`, within);
    if (found) return found;
  }
  within.pop();
  return undefined;
}

function kindOf(value: unknown, within: readonly object[]): string | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return undefined;
    case "number":
      return Number.isFinite(value) ? undefined : String(value);
    case "object":
      return value === null ? undefined : kindOfObject(value, within);
    case "undefined":
      return "undefined";
    default:
      return `a ${typeof value}`;
  }
}

function kindOfObject(value: object, within: readonly object[]): string | undefined {
  if (within.includes(value)) return "a cycle";
  if (within.length >= DEPTH) return `more than ${DEPTH} levels deep`;
  if (Object.getOwnPropertySymbols(value).length > 0) return "an object with a member named by a symbol";
  if (Array.isArray(value)) return Object.keys(value).length > value.length ? "an array with named members" : undefined;
  if (isPlain(value)) return undefined;
  const name = classOf(value);
  return `${/^[AEIO]/.test(name) ? "an" : "a"} ${name}`;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The name of its class: `Set`, `Date`, or the name of one of the app's classes. */
function classOf(value: object): string {
  const { constructor } = Object.getPrototypeOf(value) as { constructor?: unknown };
  return (typeof constructor === "function" && constructor.name) || "class instance";
}
