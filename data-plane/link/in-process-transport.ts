/** Streams between two planes that share a process. */
import type { PlanTransport } from "#contracts";

/** What the control plane gets to speak to one data plane. */
export interface StreamClient<Down> {
  send(message: Down): void;
  /** Ends the stream. */
  close(reason: string): void;
}

/** What the control plane gives back for it. */
export interface StreamServer<Up> {
  receive(message: Up): void;
  /** The data plane is gone; called exactly once, not after a `close` of the control plane's own. */
  closed(): void;
}

/** The control plane's end of a stream. Provided by the API room; the same one serves the WebSocket endpoint. */
export type AcceptStream<Up, Down> = (client: StreamClient<Down>) => StreamServer<Up>;

/**
 * A transport for `biplane up`. Messages pass through JSON as they do on the wire, so that neither plane ever holds the other's objects, and
 * arrive in a later turn, in order.
 */
export function inProcessTransport<Up, Down>(accept: AcceptStream<Up, Down>): PlanTransport<Up, Down> {
  return {
    connect(handlers) {
      let open = true;
      let server: StreamServer<Up> | undefined;
      const later = (run: () => void) => queueMicrotask(() => void (open && run()));
      const end = (reason: string) => {
        if (!open) return;
        open = false;
        queueMicrotask(() => handlers.onClose(reason));
      };
      const hangUp = () => {
        if (!open) return;
        server?.closed();
        end("closed by this data plane");
      };
      const connection = {
        send(message: Up) {
          const copy = copyOf(message);
          later(() => server?.receive(copy));
        },
        close: hangUp,
      };
      later(() => {
        server = accept({
          send(message) {
            const copy = copyOf(message);
            later(() => handlers.onMessage(copy));
          },
          close: (reason) => later(() => end(reason)),
        });
        handlers.onOpen(connection);
      });
      return { cancel: hangUp };
    },
  };
}

function copyOf<Message>(message: Message): Message {
  return JSON.parse(JSON.stringify(message)) as Message;
}
