/** A reader without a network, for tests. */

import type { Framing } from "../framing.ts";
import { ConnectionReader, type Fault, type ReaderLimits } from "./connection-reader.ts";
import type { WireRequest } from "./wire-request.ts";
import type { WireSocket } from "./wire-socket.ts";

/** One request as it was announced, and its body as far as it was read. */
export interface SeenRequest {
  readonly request: WireRequest;
  readonly framing: Framing;
  readonly persistent: boolean;
  body: string;
  ended: boolean;
}

export interface ReaderFixture {
  readonly reader: ConnectionReader;
  readonly requests: SeenRequest[];
  readonly upgrades: { readonly target: string; readonly rest: string }[];
  readonly faults: Fault[];
  /** What became of the socket: `open`, `ended` (in order) or `destroyed`. */
  socket: string;
  paused: boolean;
  /** What the server would say: whether a request is being answered. */
  busy: boolean;
  /** Milliseconds; the reader's clock. */
  readonly clock: { now: number };
  send(text: string): void;
  /** Reads the body of a request from now on. */
  listen(seen: SeenRequest): void;
}

export interface FixtureOptions extends Partial<ReaderLimits> {
  /** Listens to each request as it is announced. Default true. */
  readonly listens?: boolean;
  readonly upgrades?: boolean;
}

export function readerFixture(options: FixtureOptions = {}): ReaderFixture {
  const fixture = {
    requests: [] as SeenRequest[],
    upgrades: [] as ReaderFixture["upgrades"],
    faults: [] as Fault[],
    socket: "open",
    paused: false,
    busy: false,
    clock: { now: 0 },
    send(text: string): void {
      fixture.reader.onBytes(Buffer.from(text, "latin1"));
    },
    listen(seen: SeenRequest): void {
      seen.request.listen({
        onData: (chunk) => {
          seen.body += Buffer.from(chunk).toString("latin1");
        },
        onEnd: () => {
          seen.ended = true;
        },
      });
    },
  } as { -readonly [Key in keyof ReaderFixture]: ReaderFixture[Key] };
  const socket: Pick<WireSocket, "pause" | "resume" | "end" | "destroy"> = {
    pause: () => {
      fixture.paused = true;
    },
    resume: () => {
      fixture.paused = false;
    },
    end: () => {
      fixture.socket = "ended";
    },
    destroy: () => {
      fixture.socket = "destroyed";
    },
  };
  const { listens = true, upgrades = true, ...limits } = options;
  fixture.reader = new ConnectionReader(
    socket as WireSocket,
    {
      onRequest(request, framing, persistent) {
        const seen: SeenRequest = { request, framing, persistent, body: "", ended: false };
        fixture.requests.push(seen);
        if (listens && framing.refusal === undefined) fixture.listen(seen);
      },
      onUpgrade(request, _framing, rest) {
        fixture.upgrades.push({ target: request.target, rest: Buffer.from(rest).toString("latin1") });
      },
      onFault: (fault) => fixture.faults.push(fault),
      onDrain() {},
      onClose() {},
      get busy() {
        return fixture.busy;
      },
    },
    { maxHeaderBytes: 4096, headersTimeoutMs: 100, keepAliveTimeoutMs: 1000, ...limits },
    fixture.clock,
    upgrades,
  );
  return fixture;
}
