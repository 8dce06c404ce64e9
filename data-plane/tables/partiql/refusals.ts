/** How statements are refused, in DynamoDB's words. */
import { TableValidation } from "#data-plane/tables/values";

/** A piece of a statement's text: offsets of its first character and of the one behind its last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The grammar was not met. Without a detail for what cannot even be cut into tokens. */
export function malformed(detail = ""): TableValidation {
  return new TableValidation(`Statement wasn't well formed, can't be processed: ${detail}`);
}

/** `message at line:column:length`. Columns count characters from 1. */
export function refusedAt(message: string, source: string, span: Span): TableValidation {
  const before = source.slice(0, span.start);
  const lineStart = before.lastIndexOf("\n") + 1;
  const line = before.split("\n").length;
  return new TableValidation(
    `${message} at ${line}:${characters(before.slice(lineStart)) + 1}:${characters(source.slice(span.start, span.end))}`,
  );
}

function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
