/** Document paths, from the syntax tree to how the expressions room writes them. */
import type { Path as DocumentPath } from "#data-plane/tables/expressions";
import { TableValidation } from "#data-plane/tables/values";
import type { Path } from "./syntax.ts";

/** As for other expressions: a document has no more levels. */
const partsMax = 32;

/** @throws TableValidation for a path that is longer than any document is deep */
export function pathOf({ root, steps }: Path): DocumentPath {
  const parts = steps.length + 1;
  if (parts > partsMax) {
    throw new TableValidation(`The document path has too many nesting levels; nesting levels: ${parts}`);
  }
  return [root, ...steps];
}

/** As messages write it: `[a, [0], b]`. */
export function pathText(path: DocumentPath): string {
  return `[${path.map((part) => (typeof part === "number" ? `[${part}]` : part)).join(", ")}]`;
}

/** The name that a path's value gets in an answer: from the last name on, with the indexes behind it (`m.k[1]` → `k[1]`). */
export function columnName({ root, steps }: Path): string {
  const last = steps.findLastIndex((step) => typeof step === "string");
  const name = last === -1 ? root : (steps[last] as string);
  return (
    name +
    steps
      .slice(last + 1)
      .map((index) => `[${index}]`)
      .join("")
  );
}
