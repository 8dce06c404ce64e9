import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { boundEvent, boundText, DETAILS_MAX, TEXT_LIMITS } from "./bound-event.ts";
import { event } from "./testing/fixture.ts";

describe("boundText()", () => {
  test("leaves ordinary texts alone", () => {
    for (const text of ["", "iam:CreateUser", "Zoë 😀 日本"]) expect(boundText(text, 100)).toBe(text);
  });

  test("writes out what would move a cursor, end a line or turn the direction of writing", () => {
    expect(boundText("a\u001b[31mb\nc\u202ed\ud800e", 100)).toBe("a\\u001b[31mb\\u000ac\\u202ed\\ud800e");
  });

  test("cuts what is too long, between characters", () => {
    expect(boundText("abcdef", 5)).toBe("abcd…");
    expect(boundText("abc😀ef", 5)).toBe("abc…");
    expect(boundText("\n\n\n", 10)).toBe("\\u000a\\u0…");
  });

  test("any text comes out short, well formed and harmless", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (text, max) => {
        const bounded = boundText(text, max);
        expect(bounded.length).toBeLessThanOrEqual(max);
        expect(bounded.isWellFormed()).toBe(true);
        expect(bounded).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202a-\u202e]/);
      }),
    );
  });
});

describe("boundEvent()", () => {
  test("keeps every text within its limit", () => {
    const long = "x".repeat(100_000);
    const bounded = boundEvent({
      category: "action",
      actor: { type: long, id: long, accountId: long, accessKeyId: long, tokenId: long, sessionName: long },
      action: long,
      resource: long,
      resourceAccount: long,
      decision: "denied",
      reason: long,
      requestId: long,
      sourceIp: long,
      userAgent: long,
      errorCode: long,
      details: Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`${index}${long}`, long])),
    });
    expect(bounded.resource).toHaveLength(TEXT_LIMITS.resource);
    expect(Object.keys(bounded.details!)).toHaveLength(DETAILS_MAX);
    expect(JSON.stringify(bounded).length).toBeLessThan(16_000);
  });

  test("leaves out values whose names say that they are secret, and members that are not known", () => {
    const given = { ...event({ details: { Password: "hunter2", userName: "ada" } }), body: "a request body" };
    const text = JSON.stringify(boundEvent(given));
    expect(text).not.toContain("hunter2");
    expect(text).not.toContain("a request body");
    expect(text).toContain("ada");
  });

  test("keeps a detail called __proto__ a detail", () => {
    const details = JSON.parse('{"__proto__":"x"}') as Record<string, string>;
    expect(JSON.stringify(boundEvent(event({ details })).details)).toBe('{"__proto__":"x"}');
  });
});
