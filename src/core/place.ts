/**
 * What the place of a part accepts: `event(…)`, `after(…)` and other functions that make parts read the type that the compiler expects of
 * their result, and check their own arguments against it. So a mistake is one short error at the argument that is wrong. Types only.
 *
 * In each type, `Place` is the type that is expected where the call is, `Kind` the `kind` of what the call makes, `Key` the member that has
 * its name.
 */

/** Every name that occurs in any variant of `Data`. */
export type KeysOf<Data> = Data extends unknown ? keyof Data : never;

/** The parts of this kind that the place accepts; `any` accepts none that is known. */
type Parts<Place, Kind> = 0 extends 1 & Place ? never : Extract<Place, { readonly kind: Kind }>;
/** Their names; never: the place is not known, or accepts any name. */
type Names<Part, Key extends PropertyKey> = Part extends { readonly [Name in Key]: infer Name extends string }
  ? string extends Name
    ? never
    : Name
  : never;
type DataOf<Part, Key extends PropertyKey, Name> = Part extends { readonly [Member in Key]: Name } & { readonly data: infer Data }
  ? Data
  : never;

/** The data that the part accepts. A field that it does not accept gets an error with its name, even in a variable. */
type Fields<Name extends string, Taken, Given> = [Exclude<KeysOf<Given>, KeysOf<Taken>>] extends [never]
  ? Taken
  : { [Key in Exclude<KeysOf<Given>, KeysOf<Taken>>]?: `not a field of "${Name}"` } & { [field: string]: unknown };

/** The argument that names the part. */
export type NameAt<Place, Kind, Key extends PropertyKey, Name> = [Names<Parts<Place, Kind>, Key>] extends [never]
  ? Name
  : Name extends Names<Parts<Place, Kind>, Key>
    ? Name
    : Names<Parts<Place, Kind>, Key>;

/** The argument that is its data. */
export type DataAt<Place, Kind, Key extends PropertyKey, Name extends string, Data> = [Names<Parts<Place, Kind>, Key>] extends [never]
  ? Data
  : Name extends Names<Parts<Place, Kind>, Key>
    ? Fields<Name, DataOf<Parts<Place, Kind>, Key, Name>, Data>
    : object;

/**
 * The part: as its place declares it, `Unplaced` if the place is not known, and never after a mistake, which prevents a second error. The
 * branch `Place` is never chosen: it tells the compiler where to infer `Place` from, which is the type that is expected of the call.
 */
export type Made<Place, Kind, Key extends PropertyKey, Name, Unplaced, Placed = PartAt<Place, Kind, Key, Name>> = [
  Names<Parts<Place, Kind>, Key>,
] extends [never]
  ? [Names<Parts<Place, Kind>, Key>] extends [never]
    ? Unplaced
    : Place
  : Name extends Names<Parts<Place, Kind>, Key>
    ? Placed
    : never;
type PartAt<Place, Kind, Key extends PropertyKey, Name> = Extract<Parts<Place, Kind>, { readonly [Member in Key]: Name }>;

/** The argument that is this member of the only part of its kind. */
export type MemberAt<Place, Kind, Key extends PropertyKey, Given> =
  Parts<Place, Kind> extends infer Part
    ? [Part] extends [never]
      ? Given
      : Part extends { readonly [Member in Key]: infer Value }
        ? Value
        : Given
    : never;

/** Like {@link Made}, for the only part of its kind. */
export type MadeOne<Place, Kind, Unplaced> = [Parts<Place, Kind>] extends [never]
  ? [Parts<Place, Kind>] extends [never]
    ? Unplaced
    : Place
  : Parts<Place, Kind>;

/**
 * A list of parts. It declares that it has no `kind`: the compiler then compares a wrong part with the part that is meant, not with the
 * list.
 */
export type Several<Part> = readonly Part[] & { readonly kind?: undefined };

/** The name of a part again, for the compiler only: it separates the part from {@link Declared}. */
export declare const name: unique symbol;
declare const declared: unique symbol;

/**
 * Lists the names of the parts of one kind that a place takes; no value is one. It accepts any name where a part accepts its own, so the
 * compiler compares a part that is not declared only with it, and shows the declared names. {@link name} separates it from all other parts.
 */
export interface Declared<Names extends string> {
  readonly [name]: "none";
  readonly [declared]: Names;
}
