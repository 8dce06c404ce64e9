/** What a reader of responses told, as one text that tests compare. */

import type { Fields } from "../codec/fields.ts";
import type { ResponseHead } from "../codec/response-head.ts";
import { type ResponseFault, ResponseReader } from "../codec/response-reader.ts";

export interface ReadResponse {
  readonly head: ResponseHead;
  body: string;
  trailers: readonly string[];
  ended: boolean;
}

export interface ReaderFixture {
  readonly reader: ResponseReader;
  readonly responses: ReadResponse[];
  readonly informational: number[];
  fault: ResponseFault | undefined;
  /** Bytes as Latin-1. Before each response that begins, the next of `methods` is asked. */
  send(text: string): void;
  /** The upstream closes. */
  end(): void;
}

/** @param methods of the requests, sent as soon as the response before is complete; the last one is repeated when `repeats` */
export function readerFixture(methods: readonly string[] = ["GET"], maxHeadBytes = 4096): ReaderFixture {
  const reader = new ResponseReader({ maxHeadBytes });
  let turn = 0;
  const ask = (): void => {
    const method = methods[turn++];
    if (method !== undefined) reader.expect(method, listener);
  };
  const listener = {
    onInformational: ({ status }: ResponseHead) => void fixture.informational.push(status),
    onHead: (head: ResponseHead) => void fixture.responses.push({ head, body: "", trailers: [], ended: false }),
    onData(bytes: Buffer) {
      fixture.responses.at(-1)!.body += bytes.toString("latin1");
    },
    onEnd(trailers: Fields) {
      const last = fixture.responses.at(-1)!;
      last.trailers = trailers.raw;
      last.ended = true;
      if (reader.isIdle) ask();
    },
  };
  const fixture: ReaderFixture = {
    reader,
    responses: [],
    informational: [],
    fault: undefined,
    send(text) {
      fixture.fault ??= reader.push(Buffer.from(text, "latin1"));
    },
    end() {
      fixture.fault ??= reader.end();
    },
  };
  ask();
  return fixture;
}

/** Reads `text` in pieces that end at the given places, then the end of the connection. */
export function readIn(text: string, cuts: readonly number[], methods?: readonly string[]): ReaderFixture {
  const fixture = readerFixture(methods);
  let at = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    fixture.send(text.slice(at, cut));
    at = Math.max(at, cut);
  }
  fixture.send(text.slice(at));
  fixture.end();
  return fixture;
}

/** All that matters of what was read. */
export function told({ responses, informational, fault }: ReaderFixture): unknown {
  return {
    fault,
    informational,
    responses: responses.map(({ head, body, trailers, ended }) => ({ ...head, body, trailers, ended })),
  };
}
