/**
 * The serving end of connections: finds the service and the method that a request is for, and answers it.
 */
import { type ByteReader, MalformedBytesError } from "#foundation/binary";
import type { ByteStream, Runtime } from "#foundation/runtime";
import { FramedStream } from "./framed-stream.ts";
import { type Frame, KIND } from "./frames.ts";
import { RpcError } from "./rpc-error.ts";
import type { Method } from "./service.ts";

/** Requests of one connection that are answered at the same time; whoever has more waits for its first answers. */
const REQUESTS_MAX = 10_000;

/** A method with what answers it. */
export interface Answering {
  readonly method: Method<unknown, unknown>;
  readonly handle: (request: unknown) => Promise<unknown>;
}

/** The services of a node by their id. */
export type Registry = ReadonlyMap<string, readonly Answering[]>;

/** What is served to everybody who connects. */
export interface Serving {
  readonly registry: Registry;
  readonly key: Uint8Array | undefined;
  readonly onEnd: () => void;
  readonly onDefect: (error: unknown) => void;
}

/** Answers the requests of one connection until it ends. */
export function serveConnection(runtime: Runtime, stream: ByteStream, serving: Serving): FramedStream {
  const { registry, key, onEnd, onDefect } = serving;
  let running = 0;
  const framed: FramedStream = new FramedStream({ stream, role: "server", key, runtime, onFrame, onEnd });

  function onFrame({ kind, content }: Frame): void {
    try {
      if (kind === KIND.ping) framed.send(KIND.pong, () => undefined);
      else if (kind === KIND.request) onRequest(content);
      else throw new MalformedBytesError(`a frame of kind ${kind}`);
    } catch (error) {
      if (!(error instanceof MalformedBytesError)) throw error;
      framed.end(new RpcError("malformed", `The caller broke the protocol: ${error.message}.`));
    }
  }

  function onRequest(content: ByteReader): void {
    const call = content.u32();
    const component = content.text();
    const place = content.u8();
    const methods = registry.get(component);
    const answering = methods?.[place];
    if (running >= REQUESTS_MAX) {
      fail(call, new RpcError("overloaded", "Too many requests on one connection."));
    } else if (answering === undefined) {
      const what = methods === undefined ? `There is no ${component} here.` : `${component} has no method ${place}.`;
      fail(call, new RpcError("no_such_component", what));
    } else {
      const request = answering.method.request.read(content);
      content.end();
      running++;
      runtime.spawn(`rpc call to ${component}`, () => answer(call, answering, request));
    }
  }

  async function answer(call: number, { method, handle }: Answering, request: unknown): Promise<void> {
    try {
      const reply = await handle(request);
      framed.send(KIND.reply, (writer) => {
        writer.u32(call);
        method.reply.write(writer, reply);
      });
    } catch (error) {
      fail(call, asFailure(error, onDefect));
    } finally {
      running--;
    }
  }

  function fail(call: number, { code, message, detail }: RpcError): void {
    framed.send(KIND.failure, (writer) => {
      writer.u32(call);
      writer.text(code);
      writer.text(message);
      writer.u8(detail === undefined ? 0 : 1);
      if (detail !== undefined) writer.u64(detail);
    });
  }

  return framed;
}

/** What a caller is told of an error; one that no handler should throw is a defect, and its text stays here. */
export function asFailure(error: unknown, onDefect: (error: unknown) => void): RpcError {
  if (error instanceof RpcError) return error;
  onDefect(error);
  return new RpcError("failed", "The handler failed.");
}
