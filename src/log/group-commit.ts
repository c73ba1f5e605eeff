/**
 * Calls that arrive while a commit is being made durable go together into the next one: no delay when idle, one flush to disk for many
 * streams under load (decision 0009).
 */

interface Waiting<Call, Answer> {
  readonly call: Call;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export class GroupCommit<Call, Answer> {
  readonly #commit: (group: readonly Call[]) => Promise<readonly Answer[]>;
  readonly #failed: () => void;
  #waiting: Waiting<Call, Answer>[] = [];
  #committing = false;

  /**
   * @param commit carries out a group; all of it is durable when it returns, with an answer for each call
   * @param failed called when a group was not committed, before its callers get the error
   */
  constructor(commit: (group: readonly Call[]) => Promise<readonly Answer[]>, failed: () => void) {
    this.#commit = commit;
    this.#failed = failed;
  }

  /** @throws what `commit` throws for the group of this call */
  take(call: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ call, resolve, reject });
      if (!this.#committing) void this.#commitGroups();
    });
  }

  async #commitGroups(): Promise<void> {
    this.#committing = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        const answers = await this.#commit(group.map(({ call }) => call));
        for (const [index, answer] of answers.entries()) group[index]?.resolve(answer);
      } catch (error) {
        this.#failed();
        for (const { reject } of group) reject(error);
      }
    }
    this.#committing = false;
  }
}
