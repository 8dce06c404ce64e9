/** Values of an output that are JSON text already. */

/**
 * Stands for a structure, a list or a map whose JSON text is known: the encoders of the JSON protocols write the text as it is. For stored
 * documents, which would otherwise be parsed only to be written again.
 *
 * @example
 * const answer = { Item: jsonText<DynamoDB.GetItemOutput["Item"]>(stored) };
 */
export class JsonText {
  /** Must be valid JSON of the shape that it stands for: nobody looks again. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The text under the type of what it stands for. */
export function jsonText<Value>(text: string): Value {
  return new JsonText(text) as Value;
}
