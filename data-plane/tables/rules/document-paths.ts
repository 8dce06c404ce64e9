/** Key attributes are scalars, so that no path may lead into one. Pure. */
import { assertKeysAreScalars, type Mentions } from "#data-plane/tables/expressions";
import { TableValidation } from "#data-plane/tables/values";
import type { IndexKeyAttribute } from "./index-keys.ts";
import type { TableKeys } from "./keys.ts";

/** @throws TableValidation when a path leads into a key attribute of the table or of one of its indexes */
export function checkPaths(
  { keys, indexKeys }: { readonly keys: TableKeys; readonly indexKeys: readonly IndexKeyAttribute[] },
  mentions: Mentions,
): void {
  if (mentions.documents.length === 0) return;
  assertKeysAreScalars(mentions, keys.names);
  const key = indexKeys.find(({ attribute }) => mentions.documents.includes(attribute));
  if (key === undefined) return;
  throw new TableValidation(
    `Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: ${key.attribute}`,
  );
}
