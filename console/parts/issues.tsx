/** What the store says is wrong with one place of a body. */

/** One of the `issues` of a problem. */
export interface Issue {
  readonly path: string;
  readonly message: string;
  /** The part of an expression's text. */
  readonly at?: { readonly start: number; readonly end: number };
}

export function Issues({ of }: { of: readonly Issue[] }) {
  return (
    <>
      {of.map(({ path, message }) => (
        <p key={`${path} ${message}`} class="issue">
          {message}
        </p>
      ))}
    </>
  );
}

/** What a problem says about the body that was sent. */
export function issuesOf(error: { readonly problem: Readonly<Record<string, unknown>> } | undefined): readonly Issue[] {
  return Array.isArray(error?.problem?.issues) ? (error.problem.issues as Issue[]) : [];
}
