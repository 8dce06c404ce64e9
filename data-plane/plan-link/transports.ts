/** How the streams of plans travel. */
import {
  type AgentMessage,
  type AgentTransport,
  CHANNEL_PATH,
  type ChannelEnd,
  type EdgeMessage,
  type EdgeTransport,
  type MessageToAgent,
  type MessageToEdge,
} from "#contracts";
import {
  type AcceptStream,
  HANDSHAKE_TIMEOUT_MS,
  inProcessTransport,
  socketUrl,
  type WebSocketTransportOptions,
  webSocketStream,
} from "#data-plane/link";
import { channelOfSocket } from "#foundation/channel";
import { connectWebSocket } from "#foundation/http";
import { readMessageToAgent, readMessageToEdge } from "./messages.ts";

/** To a control plane elsewhere. @throws TypeError when its URL is not http(s) */
export function webSocketEdgeTransport(options: WebSocketTransportOptions): EdgeTransport {
  return webSocketStream<EdgeMessage, MessageToEdge>(options, readMessageToEdge);
}

export function webSocketAgentTransport(options: WebSocketTransportOptions): AgentTransport {
  return {
    ...webSocketStream<AgentMessage, MessageToAgent>(options, readMessageToAgent),
    async openChannel(channelId, secret) {
      const url = socketUrl(options.controlPlaneUrl, CHANNEL_PATH);
      url.searchParams.set("id", channelId);
      const socket = await connectWebSocket({
        url: url.href,
        headers: [["authorization", `Bearer ${secret}`]],
        timeoutMs: HANDSHAKE_TIMEOUT_MS,
        ...(options.ca === undefined ? {} : { ca: options.ca }),
      });
      return channelOfSocket(socket);
    },
  };
}

/** To a control plane in this process. */
export function inProcessEdgeTransport(accept: AcceptStream<EdgeMessage, MessageToEdge>): EdgeTransport {
  return inProcessTransport(accept);
}

export function inProcessAgentTransport(
  accept: AcceptStream<AgentMessage, MessageToAgent>,
  openChannel: (channelId: string, secret: string) => ChannelEnd | undefined,
): AgentTransport {
  return {
    ...inProcessTransport(accept),
    async openChannel(channelId, secret) {
      const end = openChannel(channelId, secret);
      if (end === undefined) throw new Error("nobody waits for this channel any more");
      return end;
    },
  };
}
