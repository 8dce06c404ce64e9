/** Two-way channels of whole messages: over a WebSocket, or within a process. */
export { type ChannelEnd, channelOfSocket, channelPair } from "./channel.ts";
