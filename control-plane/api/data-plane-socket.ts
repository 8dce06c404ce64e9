/** `/ws/data-plane`: change streams over WebSockets. */
import { CHANGE_STREAM_MESSAGE_BYTES_MAX } from "#contracts";
import { CLOSE, type HttpRequest, type WebSocketAccept } from "#foundation/http";
import { acceptDataPlanes, type DataPlaneSessionOptions } from "./data-plane-session.ts";
import { SOCKET_BACKLOG_BYTES } from "./limits.ts";
import { parseDataPlaneMessage } from "./parse-message.ts";

/** Accepts a change stream whose join token has been checked. */
export function acceptDataPlaneSocket(request: HttpRequest, options: DataPlaneSessionOptions): WebSocketAccept {
  return {
    kind: "accept",
    limits: { maxMessageBytes: CHANGE_STREAM_MESSAGE_BYTES_MAX },
    onOpen(connection) {
      const session = acceptDataPlanes(
        options,
        request.remoteAddress,
      )({
        send(message) {
          connection.send(JSON.stringify(message));
          return connection.bufferedBytes > SOCKET_BACKLOG_BYTES ? connection.drained() : undefined;
        },
        close: (reason) => connection.close(CLOSE.normal, closeReason(reason)),
      });
      connection.onClose(() => session.closed());
      connection.onMessage((data) => {
        const message = typeof data === "string" ? parseDataPlaneMessage(data) : undefined;
        if (message === undefined) {
          connection.send(
            JSON.stringify({ type: "refused", code: "BadMessage", message: "not a message of this protocol" }),
          );
          connection.close(CLOSE.policyViolation, "malformed message");
        } else if (message !== "unknown") session.receive(message);
      });
    },
  };
}

/** A close frame carries at most 123 bytes of reason (RFC 6455 §5.5); ours are ASCII. */
function closeReason(reason: string): string {
  return reason.slice(0, 123);
}
