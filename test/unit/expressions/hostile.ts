/** Expressions that mean harm, or could: what each is up to, and how it ends. */

const times = (count: number, text: string, separator = "") => Array.from({ length: count }, () => text).join(separator);
const characters = 128 * 1024;
const numbers = Array.from({ length: 1_000 }, (_, index) => index);
const names = Object.fromEntries(numbers.map((number) => [`member-${number}`, number]));

/** What their data is: as large as an event may be, and as unfriendly. */
export const VALUES = {
  all: numbers,
  same: [...numbers],
  many: Array.from({ length: 60_000 }, () => 1),
  names,
  sameNames: { ...names },
  a: times(characters, "a"),
  otherA: `${times(characters - 1, "a")}b`,
  half: times(characters / 2, "a"),
  needle: `b${times(characters / 4, "a")}`,
  needleAtEnd: `${times(60, "a")}b`,
  emojis: times(characters / 4, "😀"),
  mixed: times(characters / 2, "aA"),
  commas: times(characters / 2, "a,"),
  nine: times(900, "a,"),
  digits: times(300, "1"),
  deep: JSON.parse(`${times(60, '{"x":')}1${times(60, "}")}`) as unknown,
  large: 1e308,
  evil: JSON.parse('{"__proto__": {"admin": true}, "constructor": 1, "hasOwnProperty": 2, "then": 3}') as unknown,
  plain: {},
};

/** An entry that is refused or fails has a part of the message; one that ends has nothing. */
export interface Hostile {
  readonly what: string;
  readonly text: string;
  readonly refused?: string;
  readonly fails?: string;
}

const terms = (count: number, term: string, operator: string) => times(count, term, ` ${operator} `);

export const HOSTILE: readonly Hostile[] = [
  // What is deep, wide or long.
  { what: "parentheses 2,000 deep", text: `${times(1_999, "(")}1${times(1_999, ")")}`, refused: "nests deeper than 20" },
  { what: "lists 300 deep", text: `${times(300, "[")}${times(300, "]")}`, refused: "nests deeper than 20" },
  { what: "maps 300 deep", text: `${times(300, "{'a':")}1${times(300, "}")}`, refused: "nests deeper than 20" },
  { what: "calls 300 deep", text: `${times(300, "size(")}'a'${times(300, ")")}`, refused: "nests deeper than 20" },
  { what: "indexes 300 deep", text: `${times(300, "all[")}0${times(300, "]")}`, refused: "nests deeper than 20" },
  { what: "members 300 deep", text: `deep${times(300, ".x")}`, refused: "nests deeper than 20" },
  { what: "conditions 300 deep", text: `${times(300, "true ? 1 : ")}1`, refused: "nests deeper than 20" },
  { what: "4,000 times !", text: `${times(3_996, "!")}true`, refused: "more than 200" },
  { what: "4,000 times -", text: `${times(3_999, "-")}1`, refused: "more than 200" },
  { what: "a sum of 150 terms", text: terms(150, "1", "+"), refused: "more than 200" },
  { what: "a list of 300 elements", text: `[${times(300, "1", ",")}]`, refused: "more than 200" },
  { what: "a map of 150 members", text: `{${times(150, "'a': 1", ",")}}`, refused: "more than 200" },
  { what: "a call with 100 arguments", text: `math.greatest(${times(100, "1", ",")})`, refused: "at most 32 arguments" },
  { what: "a text of a million characters", text: times(1_000_000, " "), refused: "at most 4000 are allowed" },
  { what: "a string of 100,000 characters", text: `'${times(100_000, "a")}'`, refused: "at most 4000 are allowed" },
  { what: "spaces and comments only", text: `${times(1_000, " \n")}// more`, refused: "a value is missing" },
  { what: "a comment without end", text: `1 //${times(3_000, "/")}` },

  { what: "a name of 3,900 letters", text: times(3_900, "a"), refused: "unknown name `aaa" },
  { what: "a member of 3,900 letters", text: `plain.${times(3_900, "a")}`, fails: "`plain` has no `aaa" },
  { what: "a function of 3,900 letters", text: `${times(3_900, "a")}()`, refused: "unknown function `aaa" },
  { what: "a number of 3,900 digits and a point", text: `${times(3_900, "9")}.5`, refused: "is not a number that JSON can hold" },

  // What goes through lists.
  { what: "a macro in a macro", text: "all.map(x, all.map(y, x * y))", refused: "at most one of" },
  { what: "a macro behind a macro", text: "all.map(x, x).map(y, y)", refused: "at most one of" },
  { what: "a macro in both branches of a condition", text: "plain == {} ? all.map(x, x) : all.map(y, y)", refused: "at most one of" },
  { what: "a macro in the range of a macro", text: "[all.filter(x, x > 1)].map(y, y)", refused: "at most one of" },
  { what: "a macro in has()", text: "all.exists(x, has(names[all.map(y, 'z')[0]]))", refused: "at most one of" },
  { what: "a macro in orValue()", text: "all.map(x, names.?y.orValue(all.map(z, z)))", refused: "at most one of" },
  { what: "a variable that hides another", text: "all.map(all, all + 1).size()" },
  { what: "a variable after its macro", text: "all.map(x, x).size() + x", refused: "unknown name `x`" },
  { what: "a variable in its own range", text: "x.map(x, x)", refused: "unknown name `x`" },
  { what: "cel.bind, to double something", text: "cel.bind(x, a + a, x + x)", refused: "unknown" },
  { what: "1,000 elements and as many nodes as there may be", text: `all.map(x, ${terms(95, "x", "+")}).sum()` },
  { what: "60,000 elements", text: "many.map(x, x)", fails: "at most 1000 elements" },
  { what: "60,000 elements, searched", text: "2 in many", fails: "at most 1000 elements" },
  { what: "60,000 elements, added", text: "many.sum()", fails: "at most 1000 elements" },
  { what: "60,000 elements, joined", text: "many.join()", fails: "at most 1000 elements" },
  { what: "60,000 elements, compared with themselves", text: "many == many && many == many" },
  { what: "two lists that are too long together", text: "all + same", fails: "more than 1000 elements" },
  { what: "a million comparisons", text: "all.all(x, all == same)", fails: "more than 500,000 steps" },
  { what: "a million searches", text: "all.all(x, x in same)", fails: "more than 500,000 steps" },
  { what: "maps compared a thousand times", text: "all.all(x, names == sameNames)", fails: "more than 500,000 steps" },
  { what: "the names of a map, a thousand times", text: "all.all(x, names.size() > 0)", fails: "more than 500,000 steps" },
  { what: "sums of a thousand, a thousand times", text: "all.all(x, same.sum() > 0)", fails: "more than 500,000 steps" },
  { what: "an error for each element", text: `all.exists(x, ${terms(30, "plain.x == x", "||")})`, fails: "more than 500,000 steps" },
  { what: "an error that hides that the steps have run out", text: "all.all(x, all == same) || true", fails: "more than 500,000 steps" },

  // What makes strings.
  { what: "a string doubled", text: "a + a", fails: "more than 131072 characters" },
  { what: "a string doubled, hidden by a condition", text: "size(a + a) > 0 || true", fails: "more than 131072 characters" },
  { what: "a long string for each element", text: "all.map(x, half + half)", fails: "more than 500,000 steps" },
  { what: "the same long string for each element", text: "all.map(x, a)", fails: "its result has more than 131072 characters" },
  { what: "the same large map for each element", text: "all.map(x, names)", fails: "its result has more than 131072 characters" },
  { what: "a list within lists of the same list", text: "[[all, all, all], [all, all, all], [all, all, all], [all, all, all]]" },
  { what: "a replacement that grows", text: "a.replace('a', 'aa')", fails: "more than 131072 characters" },
  { what: "a replacement by the whole", text: "a.replace('a', a)", fails: "more than 131072 characters" },
  { what: "a separator that is long", text: "['a', 'b', 'c'].join(a)", fails: "more than 131072 characters" },
  { what: "a string in 65,000 parts", text: "commas.split(',')", fails: "more than 1000 elements" },
  { what: "a string in its characters", text: "a.split('')", fails: "more than 1000 elements" },
  { what: "900 parts, a thousand times", text: "all.all(x, nine.split(',').size() > 0)", fails: "more than 500,000 steps" },
  { what: "a search whose worst case is the square", text: "a.contains(needle)", fails: "more than 500,000 steps" },
  { what: "a search from the end with a near miss at each place", text: "a.lastIndexOf(needleAtEnd) == 1" },
  { what: "strings compared to their last character", text: "all.all(x, a < otherA)", fails: "more than 500,000 steps" },
  { what: "equal strings, a thousand times", text: "all.all(x, a == a)", fails: "more than 500,000 steps" },
  { what: "characters counted, a thousand times", text: "all.all(x, size(emojis) > 0)", fails: "more than 500,000 steps" },
  { what: "characters cut, a thousand times", text: "all.all(x, emojis.substring(1) != '')", fails: "more than 500,000 steps" },
  { what: "letters changed, a thousand times", text: "all.all(x, mixed.upperAscii() != '')", fails: "more than 500,000 steps" },
  { what: "a number of 300 digits, a thousand times", text: "all.all(x, double(digits) > 0)" },
  { what: "a long string as a number", text: "int(a)", fails: "cannot read this string as a number" },

  // Regular expressions.
  { what: "a catastrophic pattern", text: "a.matches('^(a+)+$')", refused: "regular expressions are not supported" },
  { what: "a pattern, called as a function", text: "matches(a, '(a|a)*b')", refused: "regular expressions are not supported" },
  { what: "a pattern in a macro", text: "all.exists(x, a.matches('(.*)*x'))", refused: "regular expressions are not supported" },

  // Prototypes and what JavaScript has.
  { what: "the prototype of a map", text: "plain.__proto__", refused: "`__proto__` is not a name that a member can have" },
  { what: "the prototype, by its index", text: "plain['__proto__']", refused: "`__proto__` is not a name that a member can have" },
  { what: "the prototype, put together", text: "plain['__pro' + 'to__']", fails: "does not have the member" },
  { what: "a map with a prototype", text: "{'__proto__': {'admin': true}}", refused: "`__proto__` is not a name" },
  { what: "a map with a prototype, put together", text: "{'__pro' + 'to__': {'admin': true}}", fails: "`__proto__` is not a name" },
  { what: "what a prototype would give", text: "has(evil.admin)" },
  { what: "the constructor", text: "plain.constructor", fails: "`plain` has no `constructor`" },
  { what: "the constructor of a constructor", text: "plain.constructor.constructor('return 1')", refused: "unknown method `constructor`" },
  { what: "the constructor of a string", text: "'a'.constructor", refused: "`'a'` is a string, which has no members" },
  { what: "toString as a member", text: "plain.toString", fails: "`plain` has no `toString`" },
  { what: "toString as a name", text: "toString", refused: "unknown name `toString`" },
  { what: "toString as a function", text: "toString()", refused: "use string(value)" },
  { what: "hasOwnProperty as a method", text: "plain.hasOwnProperty('a')", refused: "unknown method `hasOwnProperty`" },
  { what: "the length of a list", text: "all.length", fails: "`all` is a list, which has no members" },
  { what: "the methods of a list", text: "all['push']", fails: "`all` is a list, which has no members" },
  { what: "valueOf as a function", text: "valueOf(1)", refused: "unknown function `valueOf`" },
  { what: "a name of the platform", text: "globalThis", refused: "unknown name `globalThis`" },
  { what: "this", text: "this.data", refused: "unknown name `this`" },
  { what: "a variable called __proto__", text: "all.map(__proto__, 1)", refused: "`__proto__` is a reserved word" },
  { what: "code in a string", text: "'${process.exit(1)}' + \"`rm`\"" },

  // Numbers.
  { what: "a product beyond the largest number", text: "large * 10.0", fails: "is not a number that JSON can hold" },
  { what: "infinity minus infinity", text: "large * 10 - large * 10", fails: "is not a number that JSON can hold" },
  { what: "a literal beyond the largest number", text: "1e309", refused: "is not a number that JSON can hold" },
  { what: "division by zero", text: "0.0 / 0", fails: "division by zero" },
  { what: "remainder of a division by zero", text: "1 % 0", fails: "division by zero" },
  { what: "the largest 64-bit integer", text: "9223372036854775807 + 1", refused: "at most 9007199254740991" },
  { what: "the smallest 64-bit integer", text: "-9223372036854775808", refused: "at most 9007199254740991" },
  { what: "an integer of 3,000 digits", text: times(3_000, "9"), refused: "at most 9007199254740991" },
  { what: "a hexadecimal integer of 3,000 digits", text: `0x${times(3_000, "f")}`, refused: "at most 9007199254740991" },
  { what: "the smallest integer divided by -1", text: "(-9007199254740991 - 1) / -1" },
  { what: "NaN in a string", text: "double('NaN')", fails: "cannot read this string" },
  { what: "infinity in a string", text: "double('Infinity')", fails: "cannot read this string" },
  { what: "a sum beyond the largest number", text: "[large, large].sum()", fails: "is not a number that JSON can hold" },
  { what: "a comparison of different kinds", text: "large < a", fails: "`<` compares" },
  { what: "a comparison of different literals", text: "1 < 'a'", refused: "`<` compares" },

  // Unicode and escapes.
  { what: "half of a character", text: "'\ud800'", refused: "half of a Unicode character" },
  { what: "half of a character, escaped", text: String.raw`'\ud800'`, refused: "is not an escape" },
  { what: "a character beyond Unicode", text: String.raw`'\U00110000'`, refused: "is not an escape" },
  { what: "a letter that looks like another", text: "dаta", refused: "a name has ASCII letters" },
  { what: "a text that runs from right to left", text: "'\u202e' + a\u202e", refused: "unexpected" },
  { what: "control characters", text: "1\u0000+ 1", refused: "unexpected" },
  { what: "a cut in the middle of a character", text: "emojis.substring(0, 1)" },

  // Data that nests.
  { what: "data at its depth", text: "[[[[[[[[[deep]]]]]]]]]", fails: "nests deeper than 64 levels" },
];
