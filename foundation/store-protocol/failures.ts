/** The codes of `RpcError` by which roles refuse; `detail` is named where there is one. */
export const FAILURES = {
  /** A higher epoch, or another director of the same epoch, has locked this role. `detail`: its epoch. */
  newer_epoch: "The role belongs to a newer epoch.",
  /** The message is of another epoch than the role. `detail`: the role's. */
  wrong_epoch: "The message is of another epoch.",
  /** The role is locked, recovering or not yet active. */
  not_running: "The role is not running.",
  /** Push and resolve: the version before this one has been passed already, and this one is not the one that was taken. */
  out_of_order: "The version does not follow the last one.",
  /** Pull and read: what was there at this version is forgotten. `detail`: the oldest version that is kept. */
  version_too_old: "The version is older than what is kept.",
  /** Read: the version has not been reached within the time that is waited. */
  version_too_new: "The version is newer than what is here.",
  /** Commit: another transaction has written what this one read. */
  not_committed: "The transaction conflicts with another one.",
  /** Commit: the read version has left the window. */
  transaction_too_old: "The transaction is too old.",
  /** Commit: the proxy failed after the transaction may have been written. */
  commit_unknown_result: "The result of the commit is unknown.",
  /** A token, or an id, is not the one that was given. */
  unauthorized: "The caller may not do this.",
  /** The request breaks a limit or a rule; the message says which. */
  invalid_request: "The request is not valid.",
  /** What is on disk is damaged. */
  corrupt: "What is on disk is damaged.",
  /** Nothing is given away under this number, or not any more. */
  no_such_copy: "There is no such copy.",
  /** Proposals to coordinators: this one does not lead. */
  not_leader: "The coordinator does not lead.",
  /** Compare-and-set: what is there is not what was expected. `detail`: the epoch, or revision, that is there. */
  superseded: "Something newer is there.",
  /** A host cannot do this: it has not the capability, or no space. */
  incapable: "The host cannot do this.",
} as const;

export type StoreFailure = keyof typeof FAILURES;
