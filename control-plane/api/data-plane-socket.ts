/** `/ws/data-plane`: the streams of all data planes over WebSockets, and `/ws/channel`: what agents dial. */
import { CHANGE_STREAM_MESSAGE_BYTES_MAX } from "#contracts";
import { type PlanServer, readAgentMessage, readEdgeMessage } from "#control-plane/plans";
import { channelOfSocket } from "#foundation/channel";
import { CLOSE, type HttpRequest, type WebSocketAccept, type WebSocketConnection } from "#foundation/http";
import { acceptDataPlanes, type DataPlaneSessionOptions } from "./data-plane-session.ts";
import { SOCKET_BACKLOG_BYTES } from "./limits.ts";
import { readDataPlaneMessage } from "./parse-message.ts";

export interface StreamSocketOptions extends DataPlaneSessionOptions {
  readonly plans: PlanServer;
}

/** A session, and how its messages are read. */
interface Stream {
  /** @returns false for what is no message of this protocol */
  receive(value: unknown): boolean;
  closed(): void;
}

/** Accepts a stream whose join token has been checked. Its first message says of which kind it is. */
export function acceptDataPlaneSocket(request: HttpRequest, options: StreamSocketOptions): WebSocketAccept {
  return {
    kind: "accept",
    limits: { maxMessageBytes: CHANGE_STREAM_MESSAGE_BYTES_MAX },
    onOpen(connection) {
      let stream: Stream | undefined;
      const { remoteAddress } = request;
      connection.onClose(() => stream?.closed());
      connection.onMessage((data) => {
        const value = typeof data === "string" ? parsed(data) : undefined;
        stream ??= openStream(kindIn(value), connection, remoteAddress, options);
        if (stream.receive(value)) return;
        connection.send(
          JSON.stringify({ type: "refused", code: "BadMessage", message: "not a message of this protocol" }),
        );
        connection.close(CLOSE.policyViolation, "malformed message");
      });
    },
  };
}

/** Accepts the end of a channel that was asked for: the secret has been checked. */
export function acceptChannelSocket(channelId: string, secret: string, { channels }: PlanServer): WebSocketAccept {
  return {
    kind: "accept",
    onOpen(connection) {
      const taken = channels.take(channelId, secret, channelOfSocket(connection));
      if (!taken) connection.close(CLOSE.policyViolation, "nobody waits for this channel any more");
    },
  };
}

function openStream(kind: unknown, connection: WebSocketConnection, via: string, options: StreamSocketOptions): Stream {
  const send = (message: object): void => connection.send(JSON.stringify(message));
  const close = (reason: string): void => connection.close(CLOSE.normal, closeReason(reason));
  if (kind === "agent") {
    return streamOf(options.plans.acceptAgent(via)({ send, close }), readAgentMessage);
  }
  if (kind === "edge") return streamOf(options.plans.acceptEdge(via)({ send, close }), readEdgeMessage);
  const session = acceptDataPlanes(
    options,
    via,
  )({
    send(message) {
      send(message);
      return connection.bufferedBytes > SOCKET_BACKLOG_BYTES ? connection.drained() : undefined;
    },
    close,
  });
  return streamOf(session, readDataPlaneMessage);
}

function streamOf<Message>(
  session: { receive(message: Message): void; closed(): void },
  read: (value: unknown) => Message | "unknown" | undefined,
): Stream {
  return {
    receive(value) {
      const message = read(value);
      if (message === undefined) return false;
      if (message !== "unknown") session.receive(message as Message);
      return true;
    },
    closed: () => session.closed(),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function kindIn(value: unknown): unknown {
  return typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
}

/** A close frame carries at most 123 bytes of reason (RFC 6455 §5.5); ours are ASCII. */
function closeReason(reason: string): string {
  return reason.slice(0, 123);
}
