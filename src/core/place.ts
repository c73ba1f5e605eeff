/**
 * What the place of a part takes: `event(…)`, `after(…)` and the like read the type that the compiler expects of their result, and check
 * their own arguments by it. So a mistake is one short error at the argument that is wrong. Types only.
 *
 * In each, `Place` is all that may stand where the call stands, `Kind` the `kind` of what the call makes, `Key` the member that has its name.
 */

/** Every name that occurs in any variant of `Data`. */
export type KeysOf<Data> = Data extends unknown ? keyof Data : never;

/** Parts of this kind that the place takes; `any` is no place. */
type Parts<Place, Kind> = 0 extends 1 & Place ? never : Extract<Place, { readonly kind: Kind }>;
/** Their names; never: the place is not known, or takes any name. */
type Names<Part, Key extends PropertyKey> = Part extends { readonly [Name in Key]: infer Name extends string }
  ? string extends Name
    ? never
    : Name
  : never;
type DataOf<Part, Key extends PropertyKey, Name> = Part extends { readonly [Member in Key]: Name } & { readonly data: infer Data }
  ? Data
  : never;

/** The data that the part takes. A field that it does not take is named, also in a variable. */
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
 * The part: as its place has it, `Unplaced` where the place is not known, and never after a mistake, so that there is no second error.
 * The branch `Place` is never taken: it tells the compiler where to infer `Place` from, which is the type that is expected of the call.
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

/** As {@link Made}, of the only part of its kind. */
export type MadeOne<Place, Kind, Unplaced> = [Parts<Place, Kind>] extends [never]
  ? [Parts<Place, Kind>] extends [never]
    ? Unplaced
    : Place
  : Parts<Place, Kind>;

/** A list of parts. It has no `kind`, and says so: the compiler then compares a wrong part with the one that is meant, not with the list. */
export type Several<Part> = readonly Part[] & { readonly kind?: undefined };
