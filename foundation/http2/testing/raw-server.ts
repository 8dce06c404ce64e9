/** A server of HTTP/2 that sends exactly these frames and keeps those that came. For tests. */
import { FLAG, FRAME, PREFACE, settingsFrame } from "../frames/frames.ts";
import { Octets } from "../frames/octets.ts";
import { FieldDecoder } from "../hpack/decoder.ts";
import { FieldEncoder } from "../hpack/encoder.ts";
import { frameOf, type ReceivedFrame } from "./raw-client.ts";

/** One connection that a client has made. */
export class RawServed {
  readonly frames: ReceivedFrame[] = [];
  isClosed = false;
  readonly #encoder = new FieldEncoder();
  readonly #decoder = new FieldDecoder(4096);
  readonly #native: Bun.Socket<RawServed>;
  readonly #onFrame: (served: RawServed, frame: ReceivedFrame) => void;
  #received = Buffer.alloc(0);
  #unsent = Buffer.alloc(0);
  #hasPreface = false;

  constructor(native: Bun.Socket<RawServed>, onFrame: (served: RawServed, frame: ReceivedFrame) => void) {
    this.#native = native;
    this.#onFrame = onFrame;
  }

  send(bytes: Buffer): void {
    const all = Buffer.concat([this.#unsent, bytes]);
    const written = Math.max(0, this.#native.write(all));
    this.#unsent = Buffer.from(all.subarray(written));
  }

  frame(type: number, flags: number, stream: number, payload: Buffer | string = ""): void {
    this.send(frameOf(type, flags, stream, payload));
  }

  settings(settings: readonly (readonly [id: number, value: number])[] = []): void {
    const out = new Octets();
    settingsFrame(out, settings);
    this.send(Buffer.from(out.bytes.subarray(0, out.length)));
  }

  section(fields: readonly (readonly [string, string])[]): Buffer {
    const out = new Octets();
    this.#encoder.begin(out);
    for (const [name, value] of fields) this.#encoder.field(out, name, value);
    return Buffer.from(out.bytes.subarray(0, out.length));
  }

  /** @param flags default: nothing follows */
  head(
    stream: number,
    fields: Readonly<Record<string, string>> = {},
    flags: number = FLAG.END_HEADERS | FLAG.END_STREAM,
  ): void {
    this.frame(FRAME.HEADERS, flags, stream, this.section(Object.entries({ ":status": "200", ...fields })));
  }

  data(stream: number, data: Buffer | string, isLast = true): void {
    this.frame(FRAME.DATA, isLast ? FLAG.END_STREAM : 0, stream, data);
  }

  of(type: number, stream?: number): ReceivedFrame[] {
    return this.frames.filter((frame) => frame.type === type && (stream === undefined || frame.stream === stream));
  }

  get goAway(): number | undefined {
    return this.of(FRAME.GOAWAY).at(-1)?.payload.readUInt32BE(4);
  }

  resetOf(stream: number): number | undefined {
    return this.of(FRAME.RST_STREAM, stream)[0]?.payload.readUInt32BE(0);
  }

  /** Heads must be asked for in the order in which they came. */
  headOf(frame: ReceivedFrame): [string, string][] {
    const fields: [string, string][] = [];
    this.#decoder.decode(frame.payload, 1e6, (name, value) => fields.push([name, value]));
    return fields;
  }

  bodyOf(stream: number): Buffer {
    return Buffer.concat(this.of(FRAME.DATA, stream).map(({ payload }) => payload));
  }

  end(): void {
    this.#native.end();
  }

  cut(): void {
    this.#native.terminate();
  }

  receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    if (!this.#hasPreface) {
      if (this.#received.length < PREFACE.length) return;
      if (!this.#received.subarray(0, PREFACE.length).equals(PREFACE)) throw new Error("this is not HTTP/2");
      this.#received = this.#received.subarray(PREFACE.length);
      this.#hasPreface = true;
    }
    for (;;) {
      if (this.#received.length < 9) return;
      const end = 9 + this.#received.readUIntBE(0, 3);
      if (this.#received.length < end) return;
      const frame = {
        type: this.#received[3]!,
        flags: this.#received[4]!,
        stream: this.#received.readUInt32BE(5),
        payload: Buffer.from(this.#received.subarray(9, end)),
      };
      this.#received = this.#received.subarray(end);
      this.frames.push(frame);
      this.#onFrame(this, frame);
    }
  }
}

export interface RawServer {
  readonly port: number;
  readonly accepted: readonly RawServed[];
  close(): void;
}

/** @param onFrame told each frame that comes @param onOpen default: says settings of nothing */
export function serveRaw(
  onFrame: (served: RawServed, frame: ReceivedFrame) => void = () => undefined,
  onOpen: (served: RawServed) => void = (served) => served.settings(),
): RawServer {
  const accepted: RawServed[] = [];
  const listener = Bun.listen<RawServed>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(native) {
        native.data = new RawServed(native, onFrame);
        accepted.push(native.data);
        onOpen(native.data);
      },
      data: ({ data }, bytes) => data.receive(bytes),
      drain: ({ data }) => data.send(Buffer.alloc(0)),
      close: ({ data }) => {
        data.isClosed = true;
      },
      error: ({ data }) => {
        data.isClosed = true;
      },
    },
  });
  return {
    port: listener.port,
    accepted,
    close: () => listener.stop(true),
  };
}
