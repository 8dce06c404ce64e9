/** What handlers of this room are given. */

export interface NodeDependencies {
  /** A new identifier that nothing else has. */
  readonly newId: (prefix: "exs_" | "drl_") => string;
  /** A token of 256 random bits, and its SHA-256 in hex. */
  readonly newToken: () => { readonly text: string; readonly hash: string };
  /** Epoch milliseconds. */
  readonly now: () => number;
}
