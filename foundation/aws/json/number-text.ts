/** Numbers that a double cannot hold, kept as their text. */

/** The source text of a number in a JSON document. */
export class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a reviver is told about a primitive (ECMA-262, JSON.parse source text access). */
interface ReviverContext {
  readonly source?: string;
}

/**
 * `JSON.parse` that keeps the text of numbers which would lose digits. Several times slower than the plain one: only for shapes with big
 * numbers.
 */
export function parseJsonExactly(text: string): unknown {
  return JSON.parse(text, function keepDigits(_key: string, value: unknown, context?: ReviverContext): unknown {
    if (typeof value !== "number" || context?.source === undefined) return value;
    return String(value) === context.source ? value : new NumberText(context.source);
  });
}
