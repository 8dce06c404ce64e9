/** What is wrong with a schema. */

export interface SchemaProblem {
  /** Where, as a pointer from the root of `document`. */
  readonly pointer: string;
  /** The address of the document; empty for one that has none. */
  readonly document: string;
  readonly message: string;
}

/** The schema cannot be used; `problems` has everything that is wrong with it. */
export class InvalidSchema extends Error {
  override readonly name = "InvalidSchema";
  readonly problems: readonly SchemaProblem[];

  constructor(problems: readonly SchemaProblem[]) {
    super(problems.map(({ pointer, message }) => `${pointer === "" ? "#" : pointer}: ${message}`).join("\n"));
    this.problems = problems;
  }
}
