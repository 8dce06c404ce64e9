/** A request that the gateway makes of one of its own operations for a caller: the same way as any other, without a connection. */
import { Fields, MessageBody } from "#foundation/http1";
import type { Answer } from "../message/answer.ts";
import type { GatewayExchange } from "../message/gateway-exchange.ts";
import { HeaderFields } from "../message/header-fields.ts";
import { problem } from "../problems.ts";
import type { IncomingBody, RequestSource } from "./incoming-body.ts";
import { Passage } from "./passage.ts";
import type { RandomPool } from "./random-pool.ts";
import type { RunningOperation } from "./running-operation.ts";
import { makeWhole } from "./whole-answer.ts";
import { discard } from "./write-answer.ts";

export interface InnerRequest {
  readonly path: string;
  readonly query: string;
  /** Of the path's parameters in their order, percent-encoded. */
  readonly pathValues: readonly string[];
  /** Name, value, name, value … */
  readonly headers: string[];
  readonly body: Uint8Array | undefined;
}

export interface InnerCalls {
  readonly limits: { readonly maxBodyBytes: number; readonly maxAnswerBytes: number };
  readonly random: Pick<RandomPool, "bytes" | "hex">;
  readonly onDefect: (error: unknown, requestId: string) => void;
  readonly onMisfit: (operation: RunningOperation, detail: string, requestId: string) => void;
}

/** An answer with all of its body. */
export type WholeAnswer = Answer & { readonly body: Uint8Array | null };

/**
 * @param outer the request of the caller: its client is the client, and when it has gone this one ends too
 * @param answerMax octets of the answer's body; what is longer is answered with a problem, as is a stream of events
 */
export async function callOperation(
  operation: RunningOperation,
  request: InnerRequest,
  outer: GatewayExchange,
  answerMax: number,
  calls: InnerCalls,
): Promise<WholeAnswer> {
  const started = performance.now();
  const source = new InnerSource(operation.planned.method, request.body, outer);
  const { requestId } = outer;
  const { clientAddress, secure, host } = outer.request;
  const { answer, passage } = await new Promise<{ answer: Answer; passage: Passage }>((resolve) => {
    new Passage({
      settings: { limits: calls.limits, randomHex: calls.random.hex, samples: undefined },
      owner: {
        onAnswer: (answer, passage) => resolve({ answer, passage }),
        onDefect: (error) => calls.onDefect(error, requestId),
        onMisfit: (detail) => calls.onMisfit(operation, detail, requestId),
      },
      exchange: source,
      target: { operation, values: request.pathValues, path: request.path, query: request.query },
      requestId,
      headers: HeaderFields.of(request.headers),
      client: { address: clientAddress, secure, host },
    }).start();
  });
  const isStream = answer.upgraded !== undefined || answer.headers.get("content-type")?.startsWith("text/event-stream");
  let whole = answer;
  if (isStream === true) {
    discard(answer);
    whole = problem("not-supported", { detail: "The answer is a stream, and no result can be one." });
  } else {
    try {
      await makeWhole(answer, answerMax);
    } catch (error) {
      calls.onDefect(error, requestId);
      whole = problem("internal");
    }
  }
  source.isOver = true;
  const body = whole.body as Uint8Array | null;
  const outcome = {
    status: whole.status,
    complete: !source.isGone,
    durationMs: performance.now() - started,
    bytesIn: request.body?.length ?? 0,
    bytesOut: body?.length ?? 0,
  };
  operation.metrics.ended(outcome.status, outcome.durationMs);
  for (let index = passage.entered - 1; index >= 0; index--) {
    try {
      operation.middlewares[index]!.onEnd?.(passage, outcome);
    } catch (error) {
      calls.onDefect(error, requestId);
    }
  }
  return whole as WholeAnswer;
}

const NO_SOURCE = { wantBody() {}, pauseBody() {}, resumeBody() {} };

class InnerSource implements RequestSource {
  readonly head: RequestSource["head"];
  readonly body = new MessageBody(NO_SOURCE);
  onGone: (() => void) | undefined;
  isOver = false;
  isGone = false;
  readonly #outer: GatewayExchange;

  constructor(method: string, body: IncomingBody["bytes"], outer: GatewayExchange) {
    const length = body?.length ?? 0;
    this.#outer = outer;
    this.head = { method, hasBody: length > 0, contentLength: body && length, isChunked: false };
    if (body !== undefined && length > 0) this.body.push(Buffer.from(body.buffer, body.byteOffset, length));
    this.body.finish(new Fields());
    outer.whenGone(() => {
      if (this.isOver) return;
      this.isOver = true;
      this.isGone = true;
      this.onGone?.();
    });
  }

  get signal(): AbortSignal {
    return this.#outer.signal;
  }
}
