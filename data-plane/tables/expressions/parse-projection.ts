/** Parsing of projections: paths with commas between them. */

import { parsePath } from "./parse-operand.ts";
import type { PathSyntax, ProjectionSyntax } from "./syntax.ts";
import { TokenCursor } from "./tokens.ts";

const NO_KEYWORDS: ReadonlySet<string> = new Set();

/** Reads a projection. @throws TableValidation with AWS's syntax error */
export function parseProjection(text: string): ProjectionSyntax {
  const cursor = new TokenCursor("ProjectionExpression", text, NO_KEYWORDS);
  const paths: PathSyntax[] = [];
  do paths.push(parsePath(cursor));
  while (cursor.accept(","));
  if (cursor.current.kind !== "end") throw cursor.unexpected();
  return Object.freeze(paths);
}
