/** A client of HTTP/2 that sends exactly these frames and keeps those that came. For tests. */
import { FRAME, frameHead, PREFACE, SETTING, settingsFrame } from "../frames/frames.ts";
import { Octets } from "../frames/octets.ts";
import { FieldDecoder } from "../hpack/decoder.ts";
import { FieldEncoder } from "../hpack/encoder.ts";

export interface ReceivedFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

const REQUEST: readonly (readonly [string, string])[] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "shop.test"],
];

export class RawClient {
  readonly frames: ReceivedFrame[] = [];
  isClosed = false;
  readonly #encoder = new FieldEncoder();
  readonly #decoder = new FieldDecoder(4096);
  #native: Bun.Socket<undefined> | undefined;
  #received = Buffer.alloc(0);
  #unsent = Buffer.alloc(0);

  /** @param preface what is said first; default: that of the protocol, with settings */
  static async connect(port: number, preface: Buffer = prefaceOf([])): Promise<RawClient> {
    const client = new RawClient();
    client.#native = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      allowHalfOpen: true,
      socket: {
        data: (_, bytes) => client.#receive(bytes),
        drain: () => client.send(Buffer.alloc(0)),
        end: () => {
          client.isClosed = true;
        },
        close: () => {
          client.isClosed = true;
        },
        error: () => {
          client.isClosed = true;
        },
      },
    });
    client.send(preface);
    return client;
  }

  send(bytes: Buffer): void {
    const all = Buffer.concat([this.#unsent, bytes]);
    const written = Math.max(0, this.#native!.write(all));
    this.#unsent = Buffer.from(all.subarray(written));
  }

  frame(type: number, flags: number, stream: number, payload: Buffer | string = ""): void {
    this.send(frameOf(type, flags, stream, payload));
  }

  /** A section of fields. @param fields put in the place of those of a plain GET, or added */
  section(fields: readonly (readonly [string, string])[] = REQUEST): Buffer {
    const out = new Octets();
    this.#encoder.begin(out);
    for (const [name, value] of fields) this.#encoder.field(out, name, value);
    return Buffer.from(out.bytes.subarray(0, out.length));
  }

  /** @param more fields behind those of `GET /`, or in their place */
  request(stream: number, more: Readonly<Record<string, string>> = {}, flags = 5): void {
    const fields = new Map([...REQUEST, ...Object.entries(more)]);
    this.frame(FRAME.HEADERS, flags, stream, this.section([...fields].filter(([, value]) => value !== "-")));
  }

  /** Frames of a type, of one stream or any. */
  of(type: number, stream?: number): ReceivedFrame[] {
    return this.frames.filter((frame) => frame.type === type && (stream === undefined || frame.stream === stream));
  }

  /** The code of the GOAWAY that came; undefined without one. */
  get goAway(): number | undefined {
    return this.of(FRAME.GOAWAY).at(-1)?.payload.readUInt32BE(4);
  }

  /** The code with which a stream was reset. */
  resetOf(stream: number): number | undefined {
    return this.of(FRAME.RST_STREAM, stream)[0]?.payload.readUInt32BE(0);
  }

  /** Heads must be asked for in the order in which they came: each builds on those before. */
  headOf(frame: ReceivedFrame): Record<string, string> {
    const fields: Record<string, string> = {};
    this.#decoder.decode(frame.payload, 1e6, (name, value) => {
      fields[name] = value;
    });
    return fields;
  }

  bodyOf(stream: number): string {
    return Buffer.concat(this.of(FRAME.DATA, stream).map(({ payload }) => payload)).toString("latin1");
  }

  isEnded(stream: number): boolean {
    return this.frames.some(
      (frame) => frame.stream === stream && frame.type <= FRAME.HEADERS && (frame.flags & 1) !== 0,
    );
  }

  close(): void {
    this.#native?.terminate();
  }

  pause(): void {
    this.#native?.pause();
  }

  #receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    for (;;) {
      if (this.#received.length < 9) return;
      const end = 9 + this.#received.readUIntBE(0, 3);
      if (this.#received.length < end) return;
      this.frames.push({
        type: this.#received[3]!,
        flags: this.#received[4]!,
        stream: this.#received.readUInt32BE(5),
        payload: Buffer.from(this.#received.subarray(9, end)),
      });
      this.#received = this.#received.subarray(end);
    }
  }
}

export function frameOf(type: number, flags: number, stream: number, payload: Buffer | string = ""): Buffer {
  const bytes = Buffer.from(payload as string);
  const out = new Octets();
  frameHead(out, bytes.length, type, flags, stream);
  out.copy(bytes);
  return Buffer.from(out.bytes.subarray(0, out.length));
}

/** The octets that a client sends first. @param window how much it takes of each stream before it says more; undefined: as the protocol says */
export function prefaceOf(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const out = new Octets();
  out.copy(PREFACE);
  settingsFrame(out, settings);
  return Buffer.from(out.bytes.subarray(0, out.length));
}

export const smallWindow = (octets: number): Buffer => prefaceOf([[SETTING.INITIAL_WINDOW_SIZE, octets]]);
