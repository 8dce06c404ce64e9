/** Lines of a file or of standard input, one after the other. */

/** A line that is longer is no item: those have at most 400 KB, in JSON a few times that. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;

export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** With its end. */
  readonly bytes: number;
}

/** @throws SyntaxError for a line that is too long; the system's error */
export async function* linesOf(file: string): AsyncGenerator<Line, void, void> {
  const stream = file === "-" ? Bun.stdin.stream() : Bun.file(file).stream();
  let rest: Uint8Array = new Uint8Array(0);
  let number = 0;
  for await (const chunk of stream) {
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = data.indexOf(10); end !== -1; end = data.indexOf(10)) {
      number++;
      yield { number, text: Buffer.from(data.subarray(0, end)).toString("utf8"), bytes: end + 1 };
      data = data.subarray(end + 1);
    }
    if (data.length > LINE_BYTES_MAX)
      throw new SyntaxError(`Line ${number + 1} is longer than ${LINE_BYTES_MAX} bytes`);
    rest = data;
  }
  if (rest.length > 0) {
    yield { number: number + 1, text: Buffer.from(rest).toString("utf8"), bytes: rest.length };
  }
}
