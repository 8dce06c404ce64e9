/** Streams of JSON, one value a line. */

/**
 * Each line's value, as it comes; empty lines are signs of life. Cancels the stream when the loop is left.
 *
 * @param silenceMs how long nothing may come
 * @throws DOMException TimeoutError after that; SyntaxError when a line is no JSON; what the connection does when it breaks
 */
export async function* linesOf(stream: ReadableStream<Uint8Array>, silenceMs: number): AsyncGenerator<unknown> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  // The beginning of a line whose end has not come: in pieces, so that a long one is not copied again with each.
  let begun: string[] = [];
  try {
    for (;;) {
      const { value, done } = await within(reader.read(), silenceMs);
      const text = done ? decoder.decode() : decoder.decode(value, { stream: true });
      const [first = "", ...others] = text.split("\n");
      begun.push(first);
      for (const other of others) {
        const line = begun.join("");
        begun = [other];
        if (line !== "") yield JSON.parse(line);
      }
      if (!done) continue;
      const last = begun.join("");
      if (last !== "") yield JSON.parse(last);
      return;
    }
  } finally {
    // Not waited for: of a connection that is dead nobody hears that it has been closed.
    reader.cancel().catch(() => undefined);
  }
}

function within<Value>(promise: Promise<Value>, ms: number): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new DOMException("Nothing has been heard for too long.", "TimeoutError")),
      ms,
    );
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
