/** The change stream between two planes that share a process. */
import type { ChangeStreamConnection, ChangeStreamTransport, ControlPlaneMessage, DataPlaneMessage } from "#contracts";

/** What the control plane gets to speak to one data plane. */
export interface ChangeStreamClient {
  send(message: ControlPlaneMessage): void;
  /** Ends the stream. */
  close(reason: string): void;
}

/** What the control plane gives back for it. */
export interface ChangeStreamServer {
  receive(message: DataPlaneMessage): void;
  /** The data plane is gone; called exactly once, not after a `close` of the control plane's own. */
  closed(): void;
}

/** The control plane's end of the stream. Provided by the API room; the same one serves the WebSocket endpoint. */
export type AcceptChangeStream = (client: ChangeStreamClient) => ChangeStreamServer;

/**
 * A transport for `biplane up`. Messages pass through JSON as they do on the wire, so that neither plane ever holds the other's objects, and
 * arrive in a later turn, in order.
 */
export function inProcessTransport(accept: AcceptChangeStream): ChangeStreamTransport {
  return {
    connect(handlers) {
      let open = true;
      let server: ChangeStreamServer | undefined;
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
      const connection: ChangeStreamConnection = {
        send(message) {
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

function copyOf<Message extends ControlPlaneMessage | DataPlaneMessage>(message: Message): Message {
  return JSON.parse(JSON.stringify(message)) as Message;
}
