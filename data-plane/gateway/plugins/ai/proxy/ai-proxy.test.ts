import { afterEach, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { configProblems } from "../../../testing/index.ts";
import { ANTHROPIC_STREAM } from "../testing/anthropic-sample.ts";
import { chatGateway, closeAll, json, named, stream, testProvider, unnamed, until } from "../testing/providers.ts";

afterEach(closeAll);

const HELLO = { model: "gpt-small", messages: [{ role: "user" as const, content: "Hello" }] };
const COMPLETION = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "gpt-small",
  choices: [{ index: 0, message: { role: "assistant", content: "Hi." }, finish_reason: "stop" }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
};
const chunk = (delta: object, finish_reason: string | null = null): object => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1,
  model: "gpt-small",
  choices: [{ index: 0, delta, finish_reason }],
});
const USAGE = {
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1,
  model: "gpt-small",
  choices: [],
  usage: COMPLETION.usage,
};
const OPENAI_STREAM = [
  unnamed(chunk({ role: "assistant", content: "" })),
  unnamed(chunk({ content: "Hi" })),
  unnamed(chunk({ content: "." })),
  unnamed(chunk({}, "stop")),
  unnamed(USAGE),
  unnamed("[DONE]"),
].join("");

const clientOf = (url: string): OpenAI => new OpenAI({ baseURL: url, apiKey: "client's own", maxRetries: 0 });

describe("the official client of OpenAI, in front of OpenAI", () => {
  test("a whole answer; the gateway's key goes there, and nothing of the client's credentials", async () => {
    const provider = await testProvider(json(COMPLETION));
    const { url } = await chatGateway({
      provider: "openai",
      base_url: `${provider.url}/v1`,
      api_key: "env://PROVIDER_KEY",
    });
    const answer = await clientOf(url).chat.completions.create({ ...HELLO, seed: 7 });
    expect(answer.choices[0]?.message.content).toBe("Hi.");
    expect(answer.usage?.total_tokens).toBe(7);
    const [asked] = provider.asked;
    expect(asked?.target).toBe("/v1/chat/completions");
    expect(asked?.fields.authorization).toBe("Bearer sk-provider");
    expect(JSON.stringify(asked)).not.toContain("client's own");
    expect(asked?.body).toEqual({ ...HELLO, seed: 7 });
  });

  test("a stream; usage is asked for, and passed on only to who wants it", async () => {
    const provider = await testProvider(stream(OPENAI_STREAM, 11));
    const { url, ask } = await chatGateway({ provider: "openai", base_url: provider.url });
    const texts: string[] = [];
    let usage: unknown;
    for await (const part of await clientOf(url).chat.completions.create({
      ...HELLO,
      stream: true,
      stream_options: { include_usage: true },
    })) {
      texts.push(part.choices[0]?.delta.content ?? "");
      usage = part.usage ?? usage;
    }
    expect(texts.join("")).toBe("Hi.");
    expect(usage).toEqual(COMPLETION.usage);
    const plain = await (await ask({ ...HELLO, stream: true })).text();
    expect(plain).toBe(OPENAI_STREAM.replace(unnamed(USAGE), ""));
    expect(provider.asked[1]?.body.stream_options).toEqual({ include_usage: true });
  });

  test("numbers that no double holds arrive as they were sent", async () => {
    let seen = "";
    const provider = await testProvider((exchange, asked) => {
      seen = String(asked.fields["content-length"]);
      exchange.answer({ status: 200 }, JSON.stringify(COMPLETION));
    });
    const { ask } = await chatGateway({ provider: "openai", base_url: provider.url });
    const text = '{"model":"m","seed":9007199254740993,"messages":[]}';
    expect((await ask(text)).status).toBe(200);
    expect(seen).toBe(String(text.length));
  });
});

describe("the official client of OpenAI, in front of Anthropic", () => {
  const config = (url: string) => ({ provider: "anthropic", base_url: url, api_key: "env://PROVIDER_KEY" });

  test("tools, images and instructions there, calls back", async () => {
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
    const { url } = await chatGateway(config(provider.url));
    const answer = await clientOf(url).chat.completions.create({
      model: "claude-small",
      max_tokens: 100,
      stop: "END",
      tool_choice: "required",
      parallel_tool_calls: false,
      tools: [{ type: "function", function: { name: "weather", description: "d", parameters: { type: "object" } } }],
      messages: [
        { role: "system", content: "Be short." },
        {
          role: "user",
          content: [
            { type: "text", text: "Where?" },
            { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
          ],
        },
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "t0", type: "function", function: { name: "weather", arguments: '{"city":"Ulm"}' } }],
        },
        { role: "tool", tool_call_id: "t0", content: "Rain" },
        { role: "user", content: "And now?" },
      ],
    });
    expect(answer.choices[0]?.finish_reason).toBe("tool_calls");
    expect(answer.choices[0]?.message.content).toBe("Let me see.");
    expect(answer.choices[0]?.message.tool_calls).toEqual([
      { id: "toolu_1", type: "function", function: { name: "weather", arguments: '{"city":"Bern"}' } },
    ]);
    expect(answer.usage).toEqual({
      prompt_tokens: 14,
      completion_tokens: 6,
      total_tokens: 20,
      prompt_tokens_details: { cached_tokens: 4 },
    } as never);
    const [asked] = provider.asked;
    expect(asked?.target).toBe("/v1/messages");
    expect(asked?.fields["x-api-key"]).toBe("sk-provider");
    expect(asked?.fields["anthropic-version"]).toBe("2023-06-01");
    expect(asked?.body).toEqual({
      model: "claude-small",
      max_tokens: 100,
      stop_sequences: ["END"],
      tool_choice: { type: "any", disable_parallel_tool_use: true },
      tools: [{ name: "weather", description: "d", input_schema: { type: "object" } }],
      system: [{ type: "text", text: "Be short." }],
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Where?" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
          ],
        },
        { role: "assistant", content: [{ type: "tool_use", id: "t0", name: "weather", input: { city: "Ulm" } }] },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "t0", content: [{ type: "text", text: "Rain" }] },
            { type: "text", text: "And now?" },
          ],
        },
      ],
    });
  });

  test("a stream with text and calls, cut anywhere", async () => {
    const provider = await testProvider(stream(ANTHROPIC_STREAM, 13));
    const { url } = await chatGateway(config(provider.url));
    const runner = clientOf(url).chat.completions.stream({ ...HELLO, stream_options: { include_usage: true } });
    const { choices, usage } = await runner.finalChatCompletion();
    expect(choices[0]?.message.content).toBe("Grüße, wörld 😀");
    expect(choices[0]?.message.tool_calls?.map((call) => (call as { function: object }).function)).toMatchObject([
      { name: "weather", arguments: '{"city": "Zürich"}' },
      { name: "time", arguments: "{}" },
    ]);
    expect(choices[0]?.finish_reason).toBe("tool_calls");
    expect(usage).toMatchObject({ prompt_tokens: 30, completion_tokens: 55, total_tokens: 85 });
  });

  test("an error in the middle reaches the client as one", async () => {
    const broken = `${ANTHROPIC_STREAM.split("event: content_block_stop")[0]}${named({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } } as never)}`;
    const { url } = await chatGateway(config((await testProvider(stream(broken))).url));
    const read = async (): Promise<void> => {
      for await (const _ of await clientOf(url).chat.completions.create({ ...HELLO, stream: true }));
    };
    await expect(read()).rejects.toThrow("Overloaded");
  });

  test("what cannot be said there is refused by name, and nobody is asked", async () => {
    const provider = await testProvider(json({}));
    const { url, ask } = await chatGateway(config(provider.url));
    const refused = await clientOf(url)
      .chat.completions.create({ ...HELLO, logit_bias: { 1: 1 } })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(OpenAI.BadRequestError);
    expect((refused as InstanceType<typeof OpenAI.BadRequestError>).param).toBe("logit_bias");
    const cases: readonly [object, string][] = [
      [{ n: 2 }, "n"],
      [{ temperature: 1.5 }, "temperature"],
      [{ response_format: { type: "json_object" } }, "response_format"],
      [{ unheard_of: 1 }, "unheard_of"],
      [{ messages: [{ role: "user", content: [{ type: "input_audio" }] }] }, "messages[0].content[0]"],
      [{ messages: [...HELLO.messages, { role: "system", content: "x" }] }, "messages[1]"],
      [{ tools: [{ type: "custom" }] }, "tools[0]"],
    ];
    for (const [members, param] of cases) {
      const answer = await ask({ ...HELLO, ...members });
      expect([answer.status, ((await answer.json()) as { error: { param: string } }).error.param]).toEqual([
        400,
        param,
      ]);
    }
    expect(provider.asked).toEqual([]);
  });
});

describe("who is asked", () => {
  test("aliases, routes, targets, permissions", async () => {
    const provider = await testProvider(json(COMPLETION));
    const at = (path: string) => ({ provider: "openai", base_url: `${provider.url}/${path}` });
    const { ask } = await chatGateway({
      aliases: { fast: "gpt-small" },
      routes: [{ pattern: "gpt-*", deny: ["gpt-*-secret"], ...at("a") }],
      targets: { usual: at("b"), other: { ...at("c"), model: "fixed" } },
      default_target: "usual",
    });
    const statuses: number[] = [];
    for (const model of ["fast", "gpt-x-secret", "llama", undefined])
      statuses.push((await ask({ ...HELLO, model })).status);
    expect(statuses).toEqual([200, 403, 200, 400]);
    expect(provider.asked.map(({ target, body }) => `${target} ${body.model}`)).toEqual([
      "/a/chat/completions gpt-small",
      "/b/chat/completions llama",
    ]);
    expect(configProblems("ai-proxy", { targets: {}, default_target: "x" })).toEqual([
      "/default_target There is no target x.",
    ]);
    expect(configProblems("ai-proxy", {})).not.toEqual([]);
  });

  test("another provider after 429, 5xx, a lost connection, an answer that is none; not after a refusal", async () => {
    const good = await testProvider(
      json({ id: "msg_1", model: "claude", content: [{ type: "text", text: "Hi." }], stop_reason: "end_turn" }),
    );
    const bad = await testProvider(
      json({ error: { message: "slow down" } }, 429),
      json({}, 500),
      (exchange) => exchange.abort(),
      (exchange) => exchange.answer({ status: 200 }, "<html>"),
      json({ error: { message: "no such thing" } }, 404),
      json({ error: { message: "bad key sk-provider" } }, 401),
    );
    const { ask, metrics } = await chatGateway({
      provider: "openai",
      base_url: bad.url,
      fallback: [{ provider: "anthropic", base_url: good.url, model: "claude" }],
    });
    const said: string[] = [];
    for (let count = 0; count < 6; count++) {
      const answer = await ask(HELLO);
      const { choices, error } = (await answer.json()) as {
        choices?: { message: { content: string } }[];
        error?: { message: string };
      };
      said.push(`${answer.status} ${choices?.[0]?.message.content ?? error?.message}`);
    }
    expect(said).toEqual([
      "200 Hi.",
      "200 Hi.",
      "200 Hi.",
      "200 Hi.",
      "404 no such thing",
      "502 The provider refuses the gateway.",
    ]);
    expect(good.asked.map(({ body }) => body.model)).toEqual(["claude", "claude", "claude", "claude"]);
    expect(metrics.expose()).toContain('biplane_gateway_ai_requests_total{provider="openai",outcome="failed"} 4');
  });

  test("the last failure is told when all fail; a wait is passed on", async () => {
    const busy = await testProvider(json({ error: { message: "slow down" } }, 429, ["Retry-After", "17"]));
    const { url } = await chatGateway({
      provider: "openai",
      base_url: busy.url,
      fallback: [{ provider: "ollama", base_url: busy.url }],
    });
    const error = await clientOf(url)
      .chat.completions.create(HELLO)
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect((error as InstanceType<typeof OpenAI.RateLimitError>).headers?.get("retry-after")).toBe("17");
    expect(busy.asked).toHaveLength(2);
  });

  test("a stream that fails before it has begun is asked of another; one that has begun never is", async () => {
    const good = await testProvider(stream(OPENAI_STREAM));
    const bad = await testProvider(
      stream(unnamed({ error: { message: "overloaded" } })),
      (exchange) => {
        exchange.begin({ status: 200, fields: ["Content-Type", "text/event-stream"] }, undefined);
        exchange.abort();
      },
      async (exchange) => {
        exchange.begin({ status: 200, fields: ["Content-Type", "text/event-stream"] }, undefined);
        exchange.write(Buffer.from(unnamed(chunk({ content: "Hal" }))));
        await until(() => readers > 0);
        exchange.abort();
      },
    );
    let readers = 0;
    const { ask } = await chatGateway({
      provider: "openai",
      base_url: bad.url,
      fallback: [{ provider: "openai", base_url: good.url }],
    });
    for (let count = 0; count < 2; count++)
      expect(await (await ask({ ...HELLO, stream: true })).text()).toContain("[DONE]");
    const half = await ask({ ...HELLO, stream: true });
    const reader = half.body!.getReader();
    expect(Buffer.from((await reader.read()).value!).toString()).toContain("Hal");
    readers++;
    const rest = async (): Promise<void> => {
      while (!(await reader.read()).done);
    };
    await expect(rest()).rejects.toThrow();
    expect(good.asked).toHaveLength(2);
  });

  test("a stream that does not begin in time is given up", async () => {
    const silent = await testProvider((exchange) => {
      exchange.begin({ status: 200, fields: ["Content-Type", "text/event-stream"] }, undefined);
      exchange.write(Buffer.from(": wait\n\n"));
    });
    const { ask } = await chatGateway({ provider: "openai", base_url: silent.url, first_token_timeout: 0.05 });
    expect((await ask({ ...HELLO, stream: true })).status).toBe(504);
  });
});

describe("streams", () => {
  test("each event passes as it comes, and a client that goes ends the provider's work", async () => {
    let isGone = false;
    let next: (() => void) | undefined;
    const provider = await testProvider(async (exchange) => {
      exchange.onGone = () => {
        isGone = true;
      };
      exchange.begin({ status: 200, fields: ["Content-Type", "text/event-stream"] }, undefined);
      for (const word of ["one", "two", "three"]) {
        exchange.write(Buffer.from(unnamed(chunk({ content: word }))));
        await new Promise<void>((resolve) => {
          next = resolve;
        });
      }
    });
    const { ask, ended } = await chatGateway({ provider: "openai", base_url: provider.url });
    const leaving = new AbortController();
    const answer = await ask({ ...HELLO, stream: true }, { signal: leaving.signal });
    const reader = answer.body!.getReader();
    for (const word of ["one", "two"]) {
      // The next is not even made before this one was read.
      expect(Buffer.from((await reader.read()).value!).toString()).toContain(word);
      next!();
    }
    leaving.abort();
    await until(() => isGone && ended.length === 1);
    next!();
  });

  test("a client that does not read stops the provider", async () => {
    let written = 0;
    let isHeld = false;
    const piece = Buffer.from(unnamed(chunk({ content: "x".repeat(60_000) })));
    const provider = await testProvider(async (exchange) => {
      exchange.begin({ status: 200, fields: ["Content-Type", "text/event-stream"] }, undefined);
      let wake: (() => void) | undefined;
      exchange.onDrain = () => wake?.();
      exchange.onGone = () => wake?.();
      while (written < 2_000 && !exchange.isOver) {
        written++;
        if (exchange.write(piece)) continue;
        const drained = await Promise.race([
          new Promise<boolean>((resolve) => {
            wake = () => resolve(true);
          }),
          new Promise<boolean>((resolve) => setTimeout(resolve, 300, false)),
        ]);
        if (drained) continue;
        isHeld = true;
        return;
      }
    });
    const { gateway } = await chatGateway({ provider: "openai", base_url: provider.url });
    const socket = await Bun.connect({ hostname: "127.0.0.1", port: gateway.port, socket: { data() {} } });
    socket.pause();
    const body = JSON.stringify({ ...HELLO, stream: true });
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await until(() => isHeld);
    expect(written).toBeLessThan(500);
    socket.terminate();
  });
});
