/** Answers written to the client. */
import {
  type AnswerHead,
  type BodySink,
  type Fields,
  MessageBody,
  type ReceivedFields,
  type ServerExchange,
} from "#foundation/http1";
import type { Answer } from "../message/answer.ts";
import { passedTrailers } from "../message/trailers.ts";
import type { Tunnels } from "./tunnels.ts";

/** Who is told of an answer's end. */
export interface AnswerOwner {
  /**
   * Once: the last octet was given to the system, or nothing more can be.
   * @param complete whether the client was given all of it, as far as it can be told here
   */
  onWritten(complete: boolean, bytes: number): void;
}

/** What the server writes itself, and what is for one hop alone (RFC 9110 §7.6.1). */
const NOT_WRITTEN = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  // The gateway's own.
  "x-request-id",
]);

/**
 * @param fields further ones: name, value, name, value …
 * @param tunnels of answers that may leave HTTP
 */
export function writeAnswer(
  exchange: ServerExchange,
  answer: Answer,
  fields: readonly string[],
  owner: AnswerOwner,
  tunnels?: Tunnels,
): void {
  if (exchange.isOver) {
    discard(answer);
    owner.onWritten(false, 0);
    return;
  }
  if (answer.upgraded !== undefined) {
    const { protocol, duplex, idleTimeoutMs } = answer.upgraded;
    answer.headers.deleteWhere((name) => NOT_WRITTEN.has(name));
    const client = exchange.switchProtocols(protocol, [...answer.headers.toRaw(), ...fields]);
    tunnels!.join(client, duplex, idleTimeoutMs, (bytes) => owner.onWritten(true, bytes));
    return;
  }
  const { body } = answer;
  const head = headOf(answer, fields);
  if (body === null || body instanceof Uint8Array) {
    exchange.answer(head, body);
    owner.onWritten(true, body?.length ?? 0);
  } else if (body instanceof MessageBody) {
    writeMessage(exchange, head, body, answer.length, owner);
  } else {
    void writePieces(exchange, head, body, answer.length, owner);
  }
}

function headOf({ status, headers }: Answer, fields: readonly string[]): AnswerHead {
  const { untouched, added } = headers;
  if (untouched !== undefined && added.length === 0) {
    return { status, received: { fields: untouched, isDropped: isRequestId }, fields };
  }
  const nominated =
    untouched === undefined
      ? headers
          .get("connection")
          ?.toLowerCase()
          .split(/\s*,\s*/)
      : undefined;
  const own: string[] = [];
  for (let i = 0; i < added.length; i += 2) {
    const name = added[i]!.toLowerCase();
    // 426 says what to change to (RFC 9110 §15.5.22).
    const isWritten = !NOT_WRITTEN.has(name) || (name === "upgrade" && status === 426);
    if (isWritten && nominated?.includes(name) !== true) own.push(added[i]!, added[i + 1]!);
  }
  own.push(...fields);
  if (untouched === undefined) return { status, fields: own };
  return { status, received: { fields: untouched, isDropped: isRequestId }, fields: own };
}

const isRequestId: ReceivedFields["isDropped"] = (fields, index) => fields.isNamed(index, "x-request-id");

function writeMessage(
  exchange: ServerExchange,
  head: AnswerHead,
  body: MessageBody,
  length: number | undefined,
  owner: AnswerOwner,
): void {
  const { whole } = body;
  if (whole !== undefined && body.trailers.count === 0 && (length === undefined || length === whole.length)) {
    exchange.answer(head, whole);
    owner.onWritten(true, whole.length);
    return;
  }
  const takesTrailers = length === undefined && clientTakesTrailers(exchange);
  exchange.begin(head, length);
  new MessagePipe(exchange, body, owner, takesTrailers);
}

function clientTakesTrailers({ head }: ServerExchange): boolean {
  return head.version === "2" || /(?:^|[\s,])trailers(?:$|[\s,;])/i.test(head.fields.get("te") ?? "");
}

/** A body that goes on as it comes; the slower side sets the pace. */
class MessagePipe implements BodySink {
  #bytes = 0;
  #isDone = false;

  constructor(
    private readonly exchange: ServerExchange,
    private readonly body: MessageBody,
    private readonly owner: AnswerOwner,
    private readonly takesTrailers: boolean,
  ) {
    exchange.onDrain = () => body.resume();
    alsoWhenGone(exchange, () => this.#done(false));
    body.read(this);
  }

  onData(bytes: Buffer): void {
    if (this.#isDone) return;
    this.#bytes += bytes.length;
    if (!this.exchange.write(bytes)) this.body.pause();
  }

  onEnd(trailers: Fields): void {
    if (this.#isDone) return;
    // Whoever speaks HTTP/2 takes them, or says so (RFC 9110 §6.5.1).
    this.exchange.end(this.takesTrailers ? passedTrailers(trailers) : []);
    this.#done(true);
  }

  onFailure(): void {
    this.exchange.abort();
    this.#done(false);
  }

  #done(complete: boolean): void {
    if (this.#isDone) return;
    this.#isDone = true;
    // What still comes is for nobody.
    if (!complete) this.body.resume();
    this.owner.onWritten(complete, this.#bytes);
  }
}

async function writePieces(
  exchange: ServerExchange,
  head: AnswerHead,
  body: AsyncIterable<Uint8Array>,
  length: number | undefined,
  owner: AnswerOwner,
): Promise<void> {
  let bytes = 0;
  let wake: (() => void) | undefined;
  exchange.onDrain = () => wake?.();
  alsoWhenGone(exchange, () => wake?.());
  try {
    exchange.begin(head, length);
    for await (const piece of body) {
      if (exchange.isOver) break;
      bytes += piece.length;
      if (exchange.write(piece)) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = undefined;
    }
    const complete = !exchange.isOver;
    exchange.end();
    owner.onWritten(complete, bytes);
  } catch {
    // Half an answer must not look like a whole one.
    exchange.abort();
    owner.onWritten(false, bytes);
  }
}

/** Whoever waits for it already is told too: what the answer comes from. */
function alsoWhenGone(exchange: ServerExchange, listener: () => void): void {
  const before = exchange.onGone;
  exchange.onGone = () => {
    before?.();
    listener();
  };
}

/** Nobody takes it: what it comes from is let go. */
export function discard({ body, upgraded }: Answer): void {
  upgraded?.duplex.destroy();
  if (body instanceof MessageBody) {
    if (!body.isRead) body.drop();
  } else if (body !== null && !(body instanceof Uint8Array)) {
    void body[Symbol.asyncIterator]().return?.();
  }
}
