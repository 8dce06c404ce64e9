/** A stream that has left HTTP: octets in both directions (RFC 8441). */
import type { DuplexOwner, MessageBody, RawDuplex } from "#foundation/http1";

const NO_BYTES = Buffer.alloc(0);

/** A stream that has left HTTP, from the side that looks at it. */
export interface Tunnelled {
  /** What comes. */
  readonly body: MessageBody;
  onDrain: (() => void) | undefined;
  onGone: (() => void) | undefined;
  /** @returns as {@link RawDuplex.write} */
  write(bytes: Uint8Array): boolean;
  end(): void;
}

/** @param reset cuts the stream; told whether everything was said on it */
export function streamDuplex(stream: Tunnelled, reset: (isComplete: boolean) => void): RawDuplex {
  const { body } = stream;
  let owner: DuplexOwner | undefined;
  let isClosed = false;
  let hasEnded = false;
  let isShut = false;
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    owner?.onClose();
  };
  const closeWhenDone = (): void => {
    if (hasEnded && isShut) close();
  };
  const shutdown = (): void => {
    if (isShut) return;
    isShut = true;
    stream.end();
    closeWhenDone();
  };
  stream.onGone = close;
  return {
    rest: NO_BYTES,
    start(told) {
      owner = told;
      stream.onDrain = () => told.onDrain();
      if (isClosed) {
        told.onClose();
        return;
      }
      body.read({
        onData: (bytes) => told.onBytes(bytes),
        onEnd: () => {
          hasEnded = true;
          told.onEnd();
          closeWhenDone();
        },
        onFailure: close,
      });
    },
    write: (bytes) => isShut || stream.write(bytes),
    pause: () => body.pause(),
    resume: () => body.resume(),
    shutdown,
    end: () => {
      shutdown();
      // Whoever ends it takes nothing more.
      if (!hasEnded && !body.isRead) body.drop();
    },
    destroy: () => {
      reset(isShut);
      close();
    },
    reset: () => {
      reset(false);
      close();
    },
  };
}
