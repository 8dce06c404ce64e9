import { describe, expect, test } from "bun:test";
import type { JsonObject } from "#foundation/gateway-artifact";
import { configProblems, testExchange, testHost, textOf } from "../../testing/index.ts";
import { botDetection } from "./bot-detection.ts";

async function answerTo(config: object, agent: string | undefined) {
  const whole = { deny: [], allow: [], block_empty_ua: false, status: 403, ...config };
  const middleware = await botDetection.setup(whole as JsonObject, testHost());
  const request = agent === undefined ? {} : { headers: { "User-Agent": agent } };
  // Twice: the second time it is known already.
  await middleware.onRequest!(testExchange(request));
  return middleware.onRequest!(testExchange(request));
}

describe("bot-detection", () => {
  test.each([
    [{ deny: ["GPTBot"] }, "Mozilla/5.0 (compatible; gptbot/1.2)", 403],
    [{ deny: ["gptbot"] }, "Mozilla/5.0 (compatible; GPTBot/1.2)", 403],
    [{ deny: ["^curl/\\d+\\.[^\\S]*"] }, "Curl/8.5.0", 403],
    [{ deny: ["^curl"] }, "not curl", undefined],
    [{ deny: ["bot"], allow: ["googlebot"] }, "Googlebot/2.1", undefined],
    [{ deny: ["bot"], allow: ["googlebot"] }, "Bingbot/2.0", 403],
    [{ allow: ["googlebot"] }, "anybody", undefined],
    [{ block_empty_ua: true }, undefined, 403],
    [{ block_empty_ua: true }, " ", 403],
    [{ block_empty_ua: true }, "x", undefined],
    [{ deny: [".*"] }, undefined, undefined],
    [{ deny: ["x"], status: 404 }, "x", 404],
  ] as const)("%p and %p", async (config, agent, status) => {
    expect((await answerTo(config, agent))?.status).toBe(status as number);
  });

  test("says what it is told to say", async () => {
    const document = JSON.parse(textOf(await answerTo({ deny: ["x"], message: "Ask for a key." }, "x")));
    expect(document).toMatchObject({ code: "bot-detected", detail: "Ask for a key." });
  });

  test("a text that keeps other matchers busy is over at once", async () => {
    expect(await answerTo({ deny: ["(a+)+$"] }, `${"a".repeat(50_000)}!`)).toBeUndefined();
  });

  test("what is no pattern is refused by the compiler", () => {
    expect(configProblems("bot-detection", { deny: ["bot", "(bot"] })).toEqual([
      expect.stringMatching(/^\/deny\/1 The pattern cannot be used: /),
    ]);
    expect(configProblems("bot-detection", { allow: ["(?=bot)"] })).toHaveLength(1);
    expect(configProblems("bot-detection", { deny: ["\\p{Lu}", "[A-Z]+Bot"] })).toEqual([]);
    expect(configProblems("bot-detection", { denied: [] })).not.toEqual([]);
  });
});
