import { expect, test } from "bun:test";
import fc from "fast-check";
import { EventReader } from "../streams/event-reader.ts";
import { LineReader } from "../streams/line-reader.ts";
import { ANTHROPIC_STREAM } from "../testing/anthropic-sample.ts";
import { unnamed } from "../testing/providers.ts";
import { anthropic } from "./anthropic.ts";
import { OLLAMA } from "./ollama.ts";
import { OPENAI } from "./openai.ts";
import { type ChatRequest, NotUnderstood, type Provider } from "./provider.ts";

const CHAT: ChatRequest = { body: {}, text: "{}", isStream: true, wantsUsage: true };
const OPENAI_STREAM = [
  '{"choices":[{"index":0,"delta":{"content":"ü😀"},"finish_reason":null}]}',
  '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
  '{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}',
  "[DONE]",
]
  .map(unnamed)
  .join("");

const OLLAMA_STREAM = [
  { model: "m", message: { role: "assistant", content: "", thinking: "Hm." }, done: false },
  { model: "m", message: { role: "assistant", content: "ü😀" }, done: false },
  {
    model: "m",
    message: {
      role: "assistant",
      content: "",
      tool_calls: [{ function: { name: "f", arguments: { city: "Zürich" } } }],
    },
    done: false,
  },
  { model: "m", message: { role: "assistant", content: "" }, done: true, done_reason: "stop", eval_count: 4 },
]
  .map((line) => `${JSON.stringify(line)}\n`)
  .join("");

function translate(provider: Provider, bytes: Buffer, cuts: readonly number[]): readonly string[] {
  const reader = provider === OLLAMA ? new LineReader() : new EventReader();
  const translator = provider.stream(CHAT, () => 1_000);
  const said: string[] = [];
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const end = at + cuts[index % cuts.length]!;
    for (const event of reader.push(bytes.subarray(at, end))) said.push(...translator.take(event));
    at = end;
  }
  for (const event of reader.finish()) said.push(...translator.take(event));
  said.push(...translator.end());
  return [...said, JSON.stringify(translator.usage), String(translator.characters)];
}

test.each([
  ["Anthropic", anthropic(), ANTHROPIC_STREAM],
  ["OpenAI", OPENAI, OPENAI_STREAM],
  ["Ollama", OLLAMA, OLLAMA_STREAM],
])("%s's stream means the same, however it is cut", (_name, provider, text) => {
  const bytes = Buffer.from(text);
  const whole = translate(provider, bytes, [bytes.length]);
  expect(whole.at(-3)).toBe("[DONE]");
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 20 }), (cuts) => {
      expect(translate(provider, bytes, cuts)).toEqual(whole);
    }),
    { numRuns: 100 },
  );
});

test.each([
  ["Anthropic", anthropic(), ANTHROPIC_STREAM],
  ["OpenAI", OPENAI, OPENAI_STREAM],
  ["Ollama", OLLAMA, OLLAMA_STREAM],
])("a part of %s's stream is never taken for a whole one", (_name, provider, text) => {
  const last = provider === OPENAI ? '"finish_reason":"stop"' : provider === OLLAMA ? '"done":true' : '"message_stop"';
  const end = text.indexOf(last);
  for (let length = 0; length < end; length += 17) {
    expect(() => translate(provider, Buffer.from(text.slice(0, length)), [length || 1])).toThrow(NotUnderstood);
  }
});

test("what is no event of the provider's is refused or passed over, and nothing else", () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (data) => {
      for (const provider of [anthropic(), OPENAI, OLLAMA]) {
        try {
          provider.stream(CHAT, () => 0).take({ name: "", data });
        } catch (error) {
          expect(error).toBeInstanceOf(NotUnderstood);
        }
      }
    }),
    { numRuns: 200 },
  );
});
