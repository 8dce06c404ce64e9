/** A stream of Anthropic's with everything in it: text, thinking, two calls, pings, an event that nobody knows. For tests. */
import { named } from "./providers.ts";

const block = (index: number, content_block: object): string =>
  named({ type: "content_block_start", index, content_block } as never);
const delta = (index: number, of: object): string => named({ type: "content_block_delta", index, delta: of } as never);
const stop = (index: number): string => named({ type: "content_block_stop", index } as never);

export const ANTHROPIC_STREAM = [
  named({
    type: "message_start",
    message: {
      id: "msg_01",
      type: "message",
      role: "assistant",
      model: "claude-small",
      content: [],
      stop_reason: null,
      usage: { input_tokens: 20, cache_creation_input_tokens: 3, cache_read_input_tokens: 7, output_tokens: 1 },
    },
  } as never),
  named({ type: "ping" }),
  block(0, { type: "thinking", thinking: "" }),
  delta(0, { type: "thinking_delta", thinking: "Hm." }),
  delta(0, { type: "signature_delta", signature: "c2ln" }),
  stop(0),
  block(1, { type: "text", text: "" }),
  delta(1, { type: "text_delta", text: "Grüße, " }),
  delta(1, { type: "text_delta", text: "wörld 😀" }),
  stop(1),
  named({ type: "something_new" }),
  block(2, { type: "tool_use", id: "toolu_1", name: "weather", input: {} }),
  delta(2, { type: "input_json_delta", partial_json: "" }),
  delta(2, { type: "input_json_delta", partial_json: '{"city": "Z' }),
  delta(2, { type: "input_json_delta", partial_json: 'ürich"}' }),
  stop(2),
  block(3, { type: "tool_use", id: "toolu_2", name: "time", input: {} }),
  stop(3),
  named({
    type: "message_delta",
    delta: { stop_reason: "tool_use", stop_sequence: null },
    usage: { output_tokens: 55 },
  } as never),
  named({ type: "message_stop" }),
].join("");
