/**
 * A node of calls: services that others may call, and clients of services elsewhere, or here.
 */
import { formatAddress, type NetworkAddress, type NetworkListener, type Runtime } from "#foundation/runtime";
import { KEY_BYTES_MIN } from "./authentication.ts";
import { CALL_TIMEOUT_MS, Caller } from "./caller.ts";
import type { FramedStream } from "./framed-stream.ts";
import { RpcError } from "./rpc-error.ts";
import type { CallOptions, Client, Handlers, Method, Ref, Service } from "./service.ts";
import { type Answering, asFailure, serveConnection } from "./serving.ts";

/** Connections of callers at once; the oldest ones are kept, more are cut at once. */
const CONNECTIONS_MAX = 10_000;

export interface RpcOptions {
  /** Where callers come in; undefined for a node that only calls. */
  readonly listen?: NetworkAddress;
  /** The host by which others reach this node, when it is not the one it listens at. */
  readonly advertisedHost?: string;
  /** What all nodes share, 32 bytes or more: nobody without it is answered, or believed. Without it everybody is. */
  readonly key?: Uint8Array | undefined;
  /** Told of errors that handlers were not meant to throw. */
  readonly onDefect: (error: unknown) => void;
}

/** A service that is being answered. */
export interface Served {
  /** Calls to it fail with `no_such_component` from now on; those under way are answered. */
  end(): void;
}

export interface RpcNode {
  /** `host:port` by which others reach it; empty for one that only calls. */
  readonly address: string;
  /** Answers `service` under `id`. @throws RangeError when the id is taken */
  serve<S extends Readonly<Record<string, unknown>>>(id: string, service: S, handlers: Handlers<S>): Served;
  /** Methods that call. A service of this very node is called without a connection; requests are passed as they are then. */
  client<S extends Readonly<Record<string, unknown>>>(service: S, ref: Ref): Client<S>;
  /** Cuts all connections, in both directions; calls that wait fail. */
  close(): Promise<void>;
}

/** @throws NetworkError when it cannot listen; RangeError for a key that is too short */
export async function openRpcNode(runtime: Runtime, options: RpcOptions): Promise<RpcNode> {
  if (options.key !== undefined && options.key.length < KEY_BYTES_MIN) {
    throw new RangeError(`a key has at least ${KEY_BYTES_MIN} bytes`);
  }
  const node = new Node(runtime, options);
  if (options.listen !== undefined) await node.listen(options.listen);
  return node;
}

class Node implements RpcNode {
  address = "";
  private readonly registry = new Map<string, readonly Answering[]>();
  private readonly callers = new Map<string, Caller>();
  private readonly connections = new Set<FramedStream>();
  private listener: NetworkListener | undefined;
  private closed = false;

  constructor(
    private readonly runtime: Runtime,
    private readonly options: RpcOptions,
  ) {}

  async listen(address: NetworkAddress): Promise<void> {
    this.listener = await this.runtime.network.listen(address, (stream) => {
      if (this.closed || this.connections.size >= CONNECTIONS_MAX) return stream.reset();
      const { registry } = this;
      const { key, onDefect } = this.options;
      const onEnd = (): void => void this.connections.delete(framed);
      const framed = serveConnection(this.runtime, stream, { registry, key, onEnd, onDefect });
      this.connections.add(framed);
      this.runtime.spawn("rpc connection", () => framed.read());
    });
    const { host, port } = this.listener.address;
    this.address = formatAddress({ host: this.options.advertisedHost ?? host, port });
  }

  serve<S extends Readonly<Record<string, unknown>>>(id: string, service: S, handlers: Handlers<S>): Served {
    if (this.registry.has(id)) throw new RangeError(`"${id}" is served already`);
    const answering = Object.entries(service as Service).map(([name, method]): Answering => {
      const handlersByName = handlers as unknown as Readonly<Record<string, Answering["handle"]>>;
      // Bound late, so that a handler may be a method of an object.
      return { method: method as Method<unknown, unknown>, handle: (request) => handlersByName[name]!(request) };
    });
    this.registry.set(id, answering);
    return {
      end: () => {
        if (this.registry.get(id) === answering) this.registry.delete(id);
      },
    };
  }

  client<S extends Readonly<Record<string, unknown>>>(service: S, ref: Ref): Client<S> {
    const methods = Object.entries(service as Service).map(([name, method], place) => {
      const typed = method as Method<unknown, unknown>;
      const call = async (request: unknown, options?: CallOptions): Promise<unknown> =>
        ref.address === this.address
          ? this.callHere(ref.id, place, request, options)
          : this.callerOf(ref.address).call(ref.id, place, typed, request, options);
      return [name, call];
    });
    return Object.fromEntries(methods) as Client<S>;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.listener?.close();
    for (const connection of [...this.connections]) {
      connection.end(new RpcError("cancelled", "This side has been closed."));
    }
    for (const caller of this.callers.values()) caller.close();
    this.callers.clear();
  }

  private callerOf(address: string): Caller {
    if (this.closed) throw new RpcError("cancelled", "This side has been closed.");
    const found = this.callers.get(address);
    if (found !== undefined) return found;
    const caller = new Caller(this.runtime, address, this.options.key);
    this.callers.set(address, caller);
    return caller;
  }

  /** Keeps to what a call over the network would do: a deadline, and errors of the same kind. */
  private callHere(id: string, place: number, request: unknown, options: CallOptions = {}): Promise<unknown> {
    const { timeoutMs = CALL_TIMEOUT_MS, signal } = options;
    const answering = this.registry.get(id)?.[place];
    if (this.closed) return Promise.reject(new RpcError("cancelled", "This side has been closed."));
    if (answering === undefined) return Promise.reject(new RpcError("no_such_component", `There is no ${id} here.`));
    if (signal?.aborted) return Promise.reject(new RpcError("cancelled", "The call was given up."));
    return new Promise((resolve, reject) => {
      const abort = (): void => end(() => reject(new RpcError("cancelled", "The call was given up.")));
      const timer = this.runtime.timers.after(timeoutMs, () =>
        end(() => reject(new RpcError("timed_out", `No answer within ${timeoutMs} ms.`))),
      );
      signal?.addEventListener("abort", abort, { once: true });
      const end = (then: () => void): void => {
        timer.cancel();
        signal?.removeEventListener("abort", abort);
        then();
      };
      answering.handle(request).then(
        (reply) => end(() => resolve(reply)),
        (error: unknown) => end(() => reject(asFailure(error, this.options.onDefect))),
      );
    });
  }
}
