/** The error of a change that can never be stored: it stops a source until an operator acts. */

/** A change cannot be stored, and will not be able to be: its message is for an operator. */
export class ChangeMistake extends Error {
  override readonly name = "ChangeMistake";
  readonly change: string;

  constructor(change: string, message: string) {
    super(message);
    this.change = change;
  }
}
