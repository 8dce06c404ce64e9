/** The form in which constraints are committed. */

/** Length (of strings in characters, blobs in bytes, collections in entries) or range (of numbers), pattern of the whole string, enum. */
export interface RawConstraint {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
}

export interface RawConstraints {
  readonly kinds: readonly RawConstraint[];
  /**
   * Structure → member → index of its constraint. A member's name may be followed by `[]` (elements of a list), `<key>` or `<value>` (of a
   * map), once per level of collections.
   */
  readonly structures: Readonly<Record<string, Readonly<Record<string, number>>>>;
}
