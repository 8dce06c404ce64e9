/**
 * A server for requests that leave HTTP, as small as it can be: it reads one head on each connection, asks the proxy, and hands its socket over.
 *
 * Only for tests: it believes what it reads.
 */

import { type HttpRequest, type HttpResponse, RawHeaderView } from "#foundation/http";
import { Channel, type ChannelOwner, channelHandlers } from "#foundation/http1";
import type { HttpProxy } from "../forward/proxy.ts";
import type { TunnelSocket } from "../tunnel/socket-end.ts";

/** A channel in the shape of a server's socket. */
class FrontSocket implements TunnelSocket, ChannelOwner {
  readonly channel: Channel;
  readonly #listeners = new Map<string, (bytes: Uint8Array) => void>();

  constructor(native: Bun.Socket<Channel>) {
    this.channel = new Channel(native, this);
  }

  write(bytes: Uint8Array | string): boolean {
    return this.channel.write(typeof bytes === "string" ? Buffer.from(bytes) : bytes);
  }

  end = (): void => this.channel.end();
  destroy = (): void => this.channel.destroy();
  pause = (): void => this.channel.pause();
  resume = (): void => this.channel.resume();

  on(event: string, listener: (bytes: Uint8Array) => void): void {
    this.#listeners.set(event, listener);
  }

  onBytes(bytes: Buffer): void {
    this.#tell("data", bytes);
  }
  onEnd(): void {
    this.#tell("end");
  }
  onDrain(): void {
    this.#tell("drain");
  }
  onClose(): void {
    this.#tell("close");
  }

  #tell(event: string, bytes: Uint8Array = new Uint8Array(0)): void {
    this.#listeners.get(event)?.(bytes);
  }
}

export interface UpgradeFront {
  readonly port: number;
  stop(): void;
}

export function upgradeFront(proxy: HttpProxy): UpgradeFront {
  const listener = Bun.listen<Channel>({
    hostname: "127.0.0.1",
    port: 0,
    allowHalfOpen: true,
    socket: {
      ...channelHandlers,
      open(native) {
        serve(proxy, new FrontSocket(native));
      },
    },
  });
  return { port: listener.port, stop: () => listener.stop(true) };
}

function serve(proxy: HttpProxy, socket: FrontSocket): void {
  const gone = new AbortController();
  let head = "";
  let asked = false;
  socket.on("close", () => gone.abort());
  socket.on("end", () => gone.abort());
  socket.on("data", (bytes) => {
    head += Buffer.from(bytes).toString("latin1");
    const end = head.indexOf("\r\n\r\n");
    if (end === -1 || asked) return;
    asked = true;
    // Read on, for a client that leaves is noticed by reading only.
    const rest = (): Buffer => Buffer.from(head.slice(end + 4), "latin1");
    proxy.upgrade(requestOf(head.slice(0, end), gone.signal)).then((answer) => {
      if (!("kind" in answer)) socket.write(plain(answer));
      else if (gone.signal.aborted) answer.abandon();
      else {
        socket.write(answer.head);
        answer.onOpen(socket, rest());
        return;
      }
      socket.end();
    });
  });
}

function plain({ status, body }: HttpResponse): string {
  const text = typeof body === "string" ? body : Buffer.from((body as Uint8Array | null) ?? []).toString();
  return `HTTP/1.1 ${status} X\r\nConnection: close\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}

function requestOf(head: string, signal: AbortSignal): HttpRequest {
  const [line, ...lines] = head.split("\r\n");
  const [method, target] = line!.split(" ") as [string, string];
  const headers = new RawHeaderView(
    lines.flatMap((field) => [field.slice(0, field.indexOf(":")), field.slice(field.indexOf(":") + 1).trim()]),
  );
  const body = { empty: true, used: false, received: 0, rawTrailers: [] } as unknown as HttpRequest["body"];
  return {
    id: "0",
    method,
    target,
    path: target,
    query: "",
    headers,
    host: headers.get("host") ?? "",
    remoteAddress: "192.0.2.7",
    secure: false,
    contentLength: undefined,
    body,
    signal,
    receivedAt: 0,
  };
}
