/** Statements that were parsed before: programs send the same text again and again, with other parameters. */
import { type ParsedStatement, parseStatement } from "./parse-statement.ts";

/** Texts have at most 8 KB, and their trees a few times that: some 20 MB in the worst case, less than one in practice. */
const entriesMax = 512;

/** In order of use, the most recent last. */
const cache = new Map<string, ParsedStatement>();

/** As {@link parseStatement}. Texts that are refused are not kept. */
export function parsedStatement(source: string): ParsedStatement {
  const known = cache.get(source);
  if (known !== undefined) {
    cache.delete(source);
    cache.set(source, known);
    return known;
  }
  const parsed = parseStatement(source);
  if (cache.size >= entriesMax) cache.delete(cache.keys().next().value!);
  cache.set(source, parsed);
  return parsed;
}
