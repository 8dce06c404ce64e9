/** The bytes are not what they should be: torn, foreign or hostile. */
export class MalformedBytesError extends Error {
  override readonly name = "MalformedBytesError";
}
