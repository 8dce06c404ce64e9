/** The official client of OpenAI, with the Responses API. */
import { afterEach, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { ANTHROPIC_STREAM } from "../testing/anthropic-sample.ts";
import {
  chatGateway,
  closeAll,
  json,
  lines,
  named,
  stream,
  type TestUse,
  testProvider,
  unnamed,
  until,
} from "../testing/providers.ts";

afterEach(closeAll);

const clientOf = (url: string): OpenAI => new OpenAI({ baseURL: url, apiKey: "client's own", maxRetries: 0 });
const ID = /^resp_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TOOL = {
  type: "function" as const,
  name: "weather",
  description: "d",
  parameters: { type: "object" },
  strict: true,
};
const post = (url: string, body: unknown): Promise<Response> =>
  fetch(`${url}/responses`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });

const message = (text: string) => ({
  id: "msg_up",
  type: "message",
  status: "completed",
  role: "assistant",
  content: [{ type: "output_text", text, annotations: [] }],
});
const response = (status: string, output: readonly object[] = []) => ({
  id: "resp_up",
  object: "response",
  created_at: 1,
  status,
  model: "gpt-small",
  output,
  usage:
    status === "in_progress"
      ? null
      : {
          input_tokens: 5,
          input_tokens_details: { cached_tokens: 0 },
          output_tokens: 2,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: 7,
        },
});
const PLACE = { item_id: "msg_up", output_index: 0, content_index: 0 };
const eventsOf = (...pieces: readonly string[]): readonly string[] =>
  [
    { type: "response.created", response: response("in_progress") },
    {
      type: "response.output_item.added",
      output_index: 0,
      item: { ...message(""), status: "in_progress", content: [] },
    },
    { type: "response.content_part.added", ...PLACE, part: message("").content[0] },
    ...pieces.map((delta) => ({ type: "response.output_text.delta", ...PLACE, delta, logprobs: [] })),
    { type: "response.output_text.done", ...PLACE, text: pieces.join(""), logprobs: [] },
    { type: "response.content_part.done", ...PLACE, part: message(pieces.join("")).content[0] },
    { type: "response.output_item.done", output_index: 0, item: message(pieces.join("")) },
    { type: "response.completed", response: response("completed", [message(pieces.join(""))]) },
  ].map((event, sequence_number) => named({ sequence_number, ...event } as never));

const COSTS: TestUse = {
  name: "ai-cost-tracker",
  config: {
    prices: {
      "openai/gpt-small": { prompt: 1, completion: 2 },
      "anthropic/claude-small": { prompt: 1, completion: 2 },
    },
  },
};

describe("in front of OpenAI", () => {
  test("a whole response passes under another id, and nothing is kept there", async () => {
    const provider = await testProvider(json(response("completed", [message("Hi.")])));
    const { url, metrics } = await chatGateway({ provider: "openai", base_url: provider.url }, [COSTS]);
    const { data, response: raw } = await clientOf(url)
      .responses.create({ model: "gpt-small", input: "Hello", tools: [{ type: "web_search" }] })
      .withResponse();
    expect(data.output_text).toBe("Hi.");
    expect(data.id).toMatch(ID);
    expect(raw.headers.get("warning")).toBe('299 - "store was taken as false: nothing is kept"');
    expect(provider.asked.map(({ target, body }) => ({ target, body }))).toEqual([
      {
        target: "/v1/responses",
        body: { model: "gpt-small", input: "Hello", tools: [{ type: "web_search" }], store: false },
      },
    ]);
    const plain = await post(url, { model: "gpt-small", input: "Hello", store: false });
    expect(plain.headers.get("warning")).toBeNull();
    expect(metrics.expose()).toContain(
      'biplane_gateway_ai_cost_dollars_total{provider="openai",model="gpt-small"} 0.018',
    );
  });

  test("a stream: each event passes before the next is made, and the client puts it together", async () => {
    let read = 0;
    const provider = await testProvider(async (exchange) => {
      exchange.begin({ status: 200, fields: ["Content-Type", "text/event-stream"] }, undefined);
      for (const [index, event] of eventsOf("Grüße, ", "wörld").entries()) {
        await until(() => read >= index);
        exchange.write(Buffer.from(event));
      }
      exchange.end();
    });
    const { url, ended, metrics } = await chatGateway({ provider: "openai", base_url: provider.url }, [COSTS]);
    const answer = clientOf(url).responses.stream({ model: "gpt-small", input: "Hello", store: false });
    let id: unknown;
    for await (const event of answer) {
      read++;
      if (event.type === "response.created") id = event.response.id;
    }
    const last = await answer.finalResponse();
    expect(last.output_text).toBe("Grüße, wörld");
    expect(last.id).toMatch(ID);
    expect(id).toBe(last.id);
    await until(() => ended.length === 1);
    expect(metrics.expose()).toContain(
      'biplane_gateway_ai_cost_dollars_total{provider="openai",model="gpt-small"} 0.009',
    );
  });

  test("a client that goes ends the provider's work", async () => {
    let isGone = false;
    const provider = await testProvider((exchange) => {
      exchange.onGone = () => {
        isGone = true;
      };
      exchange.begin({ status: 200, fields: ["Content-Type", "text/event-stream"] }, undefined);
      exchange.write(Buffer.from(eventsOf("one")[0]!));
    });
    const { url } = await chatGateway({ provider: "openai", base_url: provider.url });
    for await (const event of await clientOf(url).responses.create({ model: "m", input: "Hello", stream: true })) {
      expect(event.type).toBe("response.created");
      break;
    }
    await until(() => isGone);
  });

  test("a stream that breaks off never looks whole; one that fails at once is asked of another", async () => {
    const half = eventsOf("Hal").slice(0, 4).join("");
    const failed = named({
      type: "response.failed",
      response: { ...response("failed"), error: { code: "server_error", message: "overloaded" } },
    } as never);
    const provider = await testProvider(stream(half), stream(failed));
    const good = await testProvider(stream(ANTHROPIC_STREAM));
    const { url } = await chatGateway({
      provider: "openai",
      base_url: provider.url,
      fallback: [{ provider: "anthropic", base_url: good.url, model: "claude-small" }],
    });
    const asked = { model: "m", input: "Hello", stream: true };
    await expect(post(url, asked).then((answer) => answer.text())).rejects.toThrow();
    expect(await (await post(url, asked)).text()).toContain("event: response.completed\n");
  });
});

describe("in front of Anthropic", () => {
  const config = (url: string) => ({ provider: "anthropic", base_url: url, api_key: "env://PROVIDER_KEY" });

  test("what was said, tools and their results there; calls and usage back", async () => {
    const provider = await testProvider(
      json({
        id: "msg_1",
        type: "message",
        role: "assistant",
        model: "claude-small",
        content: [
          { type: "text", text: "Let me see." },
          { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Bern" } },
        ],
        stop_reason: "tool_use",
        usage: { input_tokens: 10, cache_read_input_tokens: 4, output_tokens: 6 },
      }),
    );
    const { url, metrics } = await chatGateway(config(provider.url), [COSTS]);
    const { data, response: raw } = await clientOf(url)
      .responses.create({
        model: "claude-small",
        instructions: "Be short.",
        max_output_tokens: 100,
        tools: [TOOL],
        tool_choice: "required",
        store: false,
        include: ["reasoning.encrypted_content"],
        metadata: { a: "b" },
        input: [
          {
            role: "user",
            content: [
              { type: "input_text", text: "Where?" },
              { type: "input_image", image_url: "data:image/png;base64,AAAA", detail: "auto" },
            ],
          },
          { type: "reasoning", id: "rs_1", summary: [] },
          { type: "function_call", call_id: "t0", name: "weather", arguments: '{"city":"Ulm"}' },
          { type: "function_call", call_id: "t1", name: "weather", arguments: '{"city":"Köln"}' },
          { type: "function_call_output", call_id: "t0", output: "Rain" },
          { type: "function_call_output", call_id: "t1", output: "Sun" },
        ],
      })
      .withResponse();
    expect(data).toMatchObject({
      id: expect.stringMatching(ID),
      object: "response",
      status: "completed",
      model: "claude-small",
      store: false,
      metadata: { a: "b" },
      output_text: "Let me see.",
      output: [
        { type: "message", role: "assistant", status: "completed" },
        { type: "function_call", call_id: "toolu_1", name: "weather", arguments: '{"city":"Bern"}' },
      ],
      usage: { input_tokens: 14, input_tokens_details: { cached_tokens: 4 }, output_tokens: 6, total_tokens: 20 },
    });
    expect(raw.headers.get("warning")).toBe('299 - "items of reasoning were left out"');
    expect(provider.asked.map(({ target, body }) => ({ target, body }))).toEqual([
      {
        target: "/v1/messages",
        body: {
          model: "claude-small",
          max_tokens: 100,
          system: [{ type: "text", text: "Be short." }],
          tools: [{ name: "weather", description: "d", input_schema: { type: "object" } }],
          tool_choice: { type: "any" },
          messages: [
            {
              role: "user",
              content: [
                { type: "text", text: "Where?" },
                { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
              ],
            },
            {
              role: "assistant",
              content: [
                { type: "tool_use", id: "t0", name: "weather", input: { city: "Ulm" } },
                { type: "tool_use", id: "t1", name: "weather", input: { city: "Köln" } },
              ],
            },
            {
              role: "user",
              content: [
                { type: "tool_result", tool_use_id: "t0", content: [{ type: "text", text: "Rain" }] },
                { type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: "Sun" }] },
              ],
            },
          ],
        },
      },
    ]);
    expect(metrics.expose()).toContain(
      'biplane_gateway_ai_cost_dollars_total{provider="anthropic",model="claude-small"} 0.026',
    );
  });

  test.each([1, 7, 1 << 20])("a stream in pieces of %d octets, as the client puts it together", async (octets) => {
    const provider = await testProvider(stream(ANTHROPIC_STREAM, octets));
    const { url } = await chatGateway(config(provider.url));
    const answer = clientOf(url).responses.stream({ model: "claude-small", input: "Hello", tools: [TOOL] });
    const types: string[] = [];
    const numbers: number[] = [];
    for await (const event of answer) {
      types.push(event.type);
      numbers.push(event.sequence_number);
    }
    expect(numbers).toEqual(numbers.map((_, index) => index));
    expect(types).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.function_call_arguments.delta",
      "response.function_call_arguments.delta",
      "response.output_item.added",
      "response.function_call_arguments.delta",
      "response.function_call_arguments.done",
      "response.output_item.done",
      "response.function_call_arguments.done",
      "response.output_item.done",
      "response.completed",
    ]);
    const last = await answer.finalResponse();
    expect(last.output_text).toBe("Grüße, wörld 😀");
    expect(last.output.slice(1)).toMatchObject([
      { type: "function_call", call_id: "toolu_1", arguments: '{"city": "Zürich"}', status: "completed" },
      { type: "function_call", call_id: "toolu_2", arguments: "{}", status: "completed" },
    ]);
    expect(last.usage).toMatchObject({ input_tokens: 30, output_tokens: 55 });
  });

  test("an answer that was cut off is incomplete; an error in the middle is told", async () => {
    const cut = ANTHROPIC_STREAM.replace('"stop_reason":"tool_use"', '"stop_reason":"max_tokens"');
    const at = ANTHROPIC_STREAM.indexOf("event: content_block_stop", ANTHROPIC_STREAM.indexOf("Grüße"));
    const failing = named({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } } as never);
    let hasRead = false;
    const provider = await testProvider(stream(cut), async (exchange) => {
      exchange.begin({ status: 200, fields: ["Content-Type", "text/event-stream"] }, undefined);
      exchange.write(Buffer.from(ANTHROPIC_STREAM.slice(0, at)));
      await until(() => hasRead);
      exchange.write(Buffer.from(failing));
      exchange.end();
    });
    const { url } = await chatGateway(config(provider.url));
    const asked = { model: "claude-small", input: "Hello", stream: true as const };
    const seen: string[] = [];
    for (let count = 0; count < 2; count++) {
      for await (const event of await clientOf(url).responses.create(asked)) {
        hasRead ||= count === 1;
        if (event.type === "response.incomplete") seen.push(event.response.incomplete_details?.reason ?? "");
        if (event.type === "response.failed") seen.push(event.response.error?.message ?? "");
      }
    }
    expect(seen).toEqual(["max_output_tokens", "Overloaded"]);
  });

  test("what cannot be said is refused by name, and nobody is asked", async () => {
    const provider = await testProvider(json({}));
    const { url } = await chatGateway(config(provider.url));
    const item = (type: string) => ({ input: [{ type }] });
    for (const [wrong, code, param] of [
      [{ previous_response_id: "resp_1" }, "previous_response_id_not_supported", "previous_response_id"],
      [{ conversation: "conv_1" }, "previous_response_id_not_supported", "conversation"],
      [item("item_reference"), "previous_response_id_not_supported", "input[0]"],
      [{ background: true }, "bad_request", "background"],
      [{ tools: [{ type: "custom", name: "x" }] }, "custom_tools_not_supported_for_provider", "tools[0]"],
      [{ tools: [{ type: "local_shell" }] }, "custom_tools_not_supported_for_provider", "tools[0]"],
      [item("custom_tool_call"), "custom_tools_not_supported_for_provider", "input[0]"],
      [{ prompt: { id: "p" } }, "responses_not_supported_for_provider", "prompt"],
      [{ truncation: "auto" }, "responses_not_supported_for_provider", "truncation"],
      [{ include: ["file_search_call.results"] }, "responses_not_supported_for_provider", "include"],
      [{ input: [] }, "bad_request", "input"],
      [{ input: undefined }, "bad_request", "input"],
      [{ model: undefined }, "model_required", "model"],
    ] as const) {
      const answer = await post(url, { model: "claude-small", input: "Hello", ...wrong });
      const { error } = (await answer.json()) as { error: { code: string; param: string } };
      expect([answer.status, error.code, error.param]).toEqual([400, code, param]);
    }
    expect(provider.asked).toEqual([]);
  });
});

test("in front of Ollama and of servers that have chats only", async () => {
  const said = { model: "llama", message: { role: "assistant", content: "Hi." }, done: true, done_reason: "stop" };
  const provider = await testProvider(
    lines([{ ...said, prompt_eval_count: 3, eval_count: 2 }]),
    stream(
      [
        unnamed({ model: "m", choices: [{ index: 0, delta: { content: "Hi." }, finish_reason: "stop" }] }),
        unnamed({ model: "m", choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } }),
        unnamed("[DONE]"),
      ].join(""),
    ),
  );
  const configs = [
    { provider: "ollama", api: "native" },
    { provider: "openai", api: "chat-completions" },
  ];
  for (const config of configs) {
    const { url } = await chatGateway({ ...config, base_url: provider.url });
    const last = await clientOf(url).responses.stream({ model: "llama", input: "Hello" }).finalResponse();
    expect([last.output_text, last.usage?.total_tokens]).toEqual(["Hi.", 5]);
  }
  expect(provider.asked.map(({ target }) => target)).toEqual(["/api/chat", "/v1/chat/completions"]);
});

describe("guards", () => {
  test("prompts are held to the rules, and templates become instructions", async () => {
    const provider = await testProvider(json(response("completed", [message("Hi.")])));
    const profile = { blocked_patterns: ["secret"], system_template: "Be kind." };
    const { url } = await chatGateway({ provider: "openai", base_url: provider.url }, [
      { name: "ai-prompt-guard", config: { default_profile: "p", profiles: { p: profile } } },
    ]);
    const asked = { model: "gpt-small", store: false };
    const refused: readonly object[] = [
      { input: "a secret" },
      { input: "x", instructions: "a secret" },
      { input: [{ role: "user", content: [{ type: "input_text", text: "a secret" }] }] },
      { input: [{ type: "function_call_output", call_id: "c", output: "a secret" }] },
      { input: "a secret", messages: [] },
      { input: 7 },
    ];
    for (const wrong of refused) expect((await post(url, { ...asked, ...wrong })).status).toBe(400);
    expect((await post(url, { ...asked, input: "x", instructions: "Be short." })).status).toBe(200);
    expect(provider.asked.map(({ body }) => body.instructions)).toEqual(["Be kind.\n\nBe short."]);
  });

  const GUARD: TestUse = {
    name: "ai-response-guard",
    config: {
      default_profile: "p",
      profiles: { p: { redact: [{ pattern: "[0-9]{4}" }], blocked_patterns: ["forbidden"] } },
    },
  };

  test("whole responses", async () => {
    const provider = await testProvider(
      json(response("completed", [message("PIN 1234.")])),
      json(response("completed", [message("a forbidden word")])),
    );
    const { url } = await chatGateway({ provider: "openai", base_url: provider.url }, [GUARD]);
    const asked = { model: "m", input: "x" };
    expect((await clientOf(url).responses.create(asked)).output_text).toBe("PIN [REDACTED].");
    expect((await post(url, asked)).status).toBe(502);
  });

  test("streams: what is split over events is found, in the events that say it all once more too", async () => {
    const provider = await testProvider(
      stream(eventsOf("PIN 1", "23", "4.").join("")),
      stream(eventsOf("a forb", "idden word").join("")),
    );
    const { url } = await chatGateway({ provider: "openai", base_url: provider.url }, [GUARD]);
    const answer = clientOf(url).responses.stream({ model: "m", input: "x" });
    let text = "";
    let all = "";
    for await (const event of answer) {
      if (event.type === "response.output_text.delta") text += event.delta;
      all += JSON.stringify(event);
    }
    expect(text).toBe("PIN [REDACTED].");
    expect((await answer.finalResponse()).output_text).toBe("PIN [REDACTED].");
    expect(all).not.toContain("1234");
    const blocked = await (await post(url, { model: "m", input: "x", stream: true })).text();
    expect(blocked).toContain("ai_response_blocked");
    expect(blocked).not.toContain("forb");
    expect(blocked).not.toContain("response.completed");
  });
});
