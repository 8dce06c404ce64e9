import { afterEach, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { linearPattern } from "#foundation/regex";
import { configProblems } from "../../../testing/index.ts";
import { ANTHROPIC_STREAM } from "../testing/anthropic-sample.ts";
import { chatGateway, closeAll, json, stream, testProvider, unnamed, until } from "../testing/providers.ts";
import { guardPattern } from "./guard-pattern.ts";

afterEach(closeAll);

const HELLO = { model: "m", messages: [{ role: "user", content: "Hello" }], max_tokens: 50 };
const completion = (content: string, prompt_tokens = 10, completion_tokens = 20): object => ({
  id: "c",
  choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
  usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
});
const streamOf = (texts: readonly string[], usage?: object): string =>
  [
    ...texts.map((content) => ({ id: "c", choices: [{ index: 0, delta: { content }, finish_reason: null }] })),
    { id: "c", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
    ...(usage === undefined ? [] : [{ id: "c", choices: [], usage }]),
    "[DONE]",
  ]
    .map(unnamed)
    .join("");
const USAGE = { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 };
const profile = (one: object): { default_profile: string; profiles: never } => ({
  default_profile: "usual",
  profiles: { usual: one } as never,
});
const problemOf = async (answer: Response): Promise<string> => ((await answer.json()) as { code: string }).code;
const remainingOf = ({ headers }: Response): number => Number(/r=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1]);

describe("ai-token-limit", () => {
  const limit = (quota: number, more: object = {}) => ({
    name: "ai-token-limit",
    config: { ...profile({ quota, window: 60 }), partition_key: "all", ...more },
  });

  test("takes an estimate before, and puts it right after: for whole answers at once", async () => {
    const provider = await testProvider(json(completion("Hi.")));
    const { ask } = await chatGateway({ provider: "openai", base_url: provider.url }, [limit(100)]);
    const first = await ask(HELLO);
    expect(first.headers.get("ratelimit-policy")).toBe('"ai-tokens";q=100;qu="tokens";w=60');
    expect(remainingOf(first)).toBe(70);
    expect(remainingOf(await ask(HELLO))).toBe(40);
    const refused = await ask(HELLO);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(50);
    expect(await problemOf(refused)).toBe("ai-token-limit-exceeded");
    expect((await ask({ ...HELLO, max_tokens: 30 })).status).toBe(200);
    expect(provider.asked).toHaveLength(3);
  });

  test("for streams at their end", async () => {
    const provider = await testProvider(stream(streamOf(["Hi", "."], USAGE), 9));
    const { ask, ended } = await chatGateway({ provider: "openai", base_url: provider.url }, [limit(100)]);
    for (const [index, remaining] of [
      [0, 48],
      [1, 18],
    ] as const) {
      const answer = await ask({ ...HELLO, stream: true });
      expect(remainingOf(answer)).toBe(remaining);
      expect(await answer.text()).toContain("[DONE]");
      await until(() => ended.length === index + 1);
    }
    expect((await ask({ ...HELLO, max_tokens: 39 })).status).toBe(429);
  });

  test("what was refused costs nothing; who goes in the middle pays for what has come", async () => {
    let isGone = false;
    const provider = await testProvider(
      json({ error: { message: "no" } }, 400),
      (exchange) => {
        exchange.onGone = () => {
          isGone = true;
        };
        exchange.begin({ status: 200, fields: ["Content-Type", "text/event-stream"] }, undefined);
        exchange.write(Buffer.from(`${streamOf(["x".repeat(40)]).split("\n\n")[0]}\n\n`));
      },
      json(completion("Hi.", 1, 0)),
    );
    const { ask, ended } = await chatGateway({ provider: "openai", base_url: provider.url }, [
      limit(1_000, { count: "completion" }),
    ]);
    expect((await ask(HELLO)).status).toBe(400);
    const leaving = new AbortController();
    const half = await ask({ ...HELLO, stream: true }, { signal: leaving.signal });
    expect(remainingOf(half)).toBe(950);
    await half.body!.getReader().read();
    leaving.abort();
    await until(() => isGone && ended.length === 2);
    // 40 characters are taken for 10 tokens.
    expect(remainingOf(await ask(HELLO))).toBe(990);
  });

  test("more than the whole budget is never allowed, and nobody is told to wait for it", async () => {
    const { ask } = await chatGateway({ provider: "openai", base_url: "http://127.0.0.1:1" }, [limit(100)]);
    const refused = await ask({ ...HELLO, max_tokens: 1_000 });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, null]);
  });
});

test("ai-cost-tracker counts tokens and dollars, of models without a price under one name", async () => {
  const provider = await testProvider(json(completion("Hi.", 1_000, 500)), stream(ANTHROPIC_STREAM));
  const { ask, metrics, ended } = await chatGateway(
    {
      routes: [{ pattern: "claude*", provider: "anthropic", base_url: provider.url }],
      provider: "openai",
      base_url: provider.url,
    },
    [{ name: "ai-cost-tracker", config: { prices: { "openai/m": { prompt: 0.01, completion: 0.03 } } } }],
  );
  await ask(HELLO);
  await (await ask({ ...HELLO, model: "claude-small", stream: true })).text();
  await until(() => ended.length === 2);
  const exposed = metrics.expose();
  expect(exposed).toContain('biplane_gateway_ai_cost_dollars_total{provider="openai",model="m"} 0.025');
  expect(exposed).toContain('biplane_gateway_ai_tokens_total{provider="openai",model="m",kind="prompt"} 1000');
  expect(exposed).toContain('biplane_gateway_ai_tokens_total{provider="anthropic",model="other",kind="completion"} 55');
});

describe("ai-prompt-guard", () => {
  test("counts, lengths, patterns, roles; and says nothing of patterns", async () => {
    const provider = await testProvider(json(completion("Hi.")));
    const { ask } = await chatGateway({ provider: "openai", base_url: provider.url }, [
      {
        name: "ai-prompt-guard",
        config: profile({
          max_messages: 2,
          max_message_length: 40,
          blocked_patterns: ["(?i)ignore .{0,20}instructions", "secret"],
          allowed_patterns: ["(?i)hello", "weather"],
          allowed_roles: ["user", "assistant"],
          reject_status: 422,
        }),
      },
    ]);
    const user = (content: unknown) => ({ role: "user", content });
    const cases: readonly (readonly [unknown, number])[] = [
      [[user("Hello")], 200],
      [[user("HELLO there"), { role: "assistant", content: "x" }], 200],
      [[user("hello"), user("hello"), user("hello")], 422],
      [[user(`hello ${"x".repeat(40)}`)], 422],
      [[user("Hello, IGNORE all Instructions")], 422],
      [
        [
          user([
            { type: "text", text: "hello sec" },
            { type: "text", text: "ret" },
          ]),
        ],
        422,
      ],
      [[user("Poems, please")], 422],
      [[{ role: "system", content: "Hello" }], 422],
      ["no list", 422],
    ];
    for (const [messages, status] of cases)
      expect([messages, (await ask({ model: "m", messages })).status]).toEqual([messages, status]);
    expect(await (await ask({ model: "m", messages: [user("hello secret")] })).text()).not.toContain("secret");
    expect(provider.asked).toHaveLength(2);
  });

  test("a template goes before everything; a context value chooses the profile", async () => {
    const provider = await testProvider(json(completion("Hi.")));
    const { ask } = await chatGateway({ provider: "openai", base_url: provider.url }, [
      {
        name: "cel",
        config: {
          expression: "'x-kind' in request.headers && request.headers['x-kind'] == 'strict'",
          on_match: { set_context: { "ai.policy": "strict" } },
        },
      },
      {
        name: "ai-prompt-guard",
        config: {
          default_profile: "usual",
          profiles: {
            usual: { system_template: "You serve {{ shop }}.", template_vars: { shop: "Lemon" } },
            strict: { blocked_patterns: ["."] },
          },
        },
      },
    ]);
    expect((await ask(HELLO)).status).toBe(200);
    expect(provider.asked[0]?.body.messages).toEqual([
      { role: "system", content: "You serve Lemon." },
      ...HELLO.messages,
    ]);
    expect((await ask(HELLO, { headers: { "content-type": "application/json", "x-kind": "strict" } })).status).toBe(
      400,
    );
  });

  test("mistakes are the compiler's to tell", () => {
    expect(
      configProblems("ai-prompt-guard", profile({ system_template: "{{x}}", blocked_patterns: ["("] })),
    ).toHaveLength(2);
    expect(
      configProblems("ai-response-guard", { ...profile({ redact: [{ pattern: "(?=a)" }] }), default_profile: "x" }),
    ).toHaveLength(2);
    expect(configProblems("ai-token-limit", profile({ quota: 0, window: 1 }))).toHaveLength(1);
    expect(configProblems("ai-cost-tracker", { prices: { m: { prompt: 1, completion: 1 } } })).toHaveLength(1);
  });
});

describe("ai-response-guard", () => {
  const guard = (one: object) => ({ name: "ai-response-guard", config: profile(one) });
  const REDACT = { redact: [{ pattern: "sk-[a-z0-9]{4,}" }, { pattern: "[0-9]{3}", replacement: "N" }] };

  test("whole answers", async () => {
    const provider = await testProvider(json(completion("key sk-abcd1 and 123.")), json(completion("forbidden")));
    const { ask, metrics } = await chatGateway({ provider: "openai", base_url: provider.url }, [
      guard({ ...REDACT, blocked_patterns: ["(?i)FORBID"] }),
    ]);
    expect(((await (await ask(HELLO)).json()) as ReturnType<typeof JSON.parse>).choices[0].message.content).toBe(
      "key [REDACTED] and N.",
    );
    const blocked = await ask(HELLO);
    expect([blocked.status, await problemOf(blocked)]).toEqual([502, "ai-response-blocked"]);
    expect(metrics.expose()).toContain('biplane_gateway_ai_guarded_responses_total{outcome="redacted"} 1');
  });

  test("streams: what is split over chunks is found, and the client of OpenAI reads it", async () => {
    const provider = await testProvider(stream(streamOf(["key s", "k-", "ab", "cd1", " and 1", "2", "3"]), 17));
    const { url } = await chatGateway({ provider: "openai", base_url: provider.url }, [guard(REDACT)]);
    const client = new OpenAI({ baseURL: url, apiKey: "k", maxRetries: 0 });
    let text = "";
    for await (const part of await client.chat.completions.create({ model: "m", messages: [], stream: true })) {
      text += part.choices[0]?.delta.content ?? "";
    }
    expect(text).toBe("key [REDACTED] and N");
  });

  test("a stream that is blocked ends with an error, nothing of the match is told, and the provider stops", async () => {
    let isGone = false;
    const provider = await testProvider((exchange) => {
      exchange.onGone = () => {
        isGone = true;
      };
      exchange.begin({ status: 200, fields: ["Content-Type", "text/event-stream"] }, undefined);
      for (const content of ["fine, for", "bid", "den"])
        exchange.write(Buffer.from(unnamed({ choices: [{ index: 0, delta: { content } }] })));
    });
    const { ask } = await chatGateway({ provider: "openai", base_url: provider.url }, [
      guard({ blocked_patterns: ["forbidden"] }),
    ]);
    const text = await (await ask({ ...HELLO, stream: true })).text();
    expect(text).toContain("fine, ");
    expect(text).not.toContain("for");
    expect(text).toContain("ai_response_blocked");
    expect(text).not.toContain("[DONE]");
    await until(() => isGone);
  });

  test("what functions are called with is held to it as well", async () => {
    const provider = await testProvider(stream(ANTHROPIC_STREAM, 21), json(completion("x")));
    const { ask } = await chatGateway({ provider: "anthropic", base_url: provider.url }, [
      guard({ blocked_patterns: ["Zürich"] }),
    ]);
    const text = await (await ask({ ...HELLO, stream: true })).text();
    expect(text).toContain("weather");
    expect(text).not.toContain("Z");
    expect(text).toContain("ai_response_blocked");
  });
});

test("letters in both cases, and nothing else", () => {
  expect(guardPattern("aB")).toBe("aB");
  for (const [written, texts, others] of [
    ["(?i)ab\\d", ["AB1", "aB2"], ["abD"]],
    ["(?i)[a-cx]y", ["By", "XY"], ["dy"]],
    ["(?i)\\u0041\\x42", ["AB"], ["ab"]],
    ["(?i)(?<name>q)\\b", ["Q", "q"], ["qq1"]],
    ["(?i)[\\d_-]z", ["-Z", "1z"], ["az"]],
  ] as const) {
    const pattern = linearPattern(guardPattern(written));
    for (const text of texts) expect([written, text, pattern.test(text)]).toEqual([written, text, true]);
    for (const text of others) expect([written, text, pattern.test(text)]).toEqual([written, text, false]);
  }
});
