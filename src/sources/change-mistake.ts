/** The error of a source that stays at a change: it cannot go on before the definition, the category or an operator lets it. */

/** A change cannot be stored, and will not be able to be: its message is for an operator. */
export class ChangeMistake extends Error {
  override readonly name = "ChangeMistake";
  readonly change: string;

  constructor(change: string, message: string) {
    super(message);
    this.change = change;
  }
}
