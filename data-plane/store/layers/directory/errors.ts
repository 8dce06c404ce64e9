export type DirectoryFailure =
  | "already_exists"
  | "does_not_exist"
  | "parent_does_not_exist"
  | "cannot_open_root"
  | "cannot_remove_root"
  | "cannot_move_root"
  | "cannot_move_into_itself"
  | "cannot_move_between_partitions"
  | "incompatible_layer"
  | "incompatible_version"
  | "manual_prefix_not_allowed"
  | "prefix_in_use"
  | "invalid_path"
  | "partition_has_no_contents";

/** What a directory cannot do. What was written before it in the transaction is not undone: let the transaction fail. */
export class DirectoryError extends Error {
  override readonly name = "DirectoryError";

  constructor(
    readonly failure: DirectoryFailure,
    message: string,
  ) {
    super(message);
  }
}
