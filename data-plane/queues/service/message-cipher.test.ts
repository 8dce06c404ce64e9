import { describe, expect, test } from "bun:test";
import { createSealingKey } from "#foundation/crypto";
import { systemRandom } from "#foundation/runtime";
import { MessageCipher, SealedBodyUnreadable } from "./message-cipher.ts";

const key = createSealingKey(systemRandom);
const cipher = new MessageCipher(key, systemRandom);

describe("a sealed body", () => {
  test.each(["x", "héllo ✓ 😀", "x".repeat(1_048_576)])("opens again: %.20s", (body) => {
    const sealed = cipher.seal(body);
    expect(cipher.open(sealed)).toBe(body);
  });

  test("is nowhere in what is kept", () => {
    const kept = Buffer.from(cipher.seal("what must not be seen"), "base64url");
    expect(kept.includes("must not")).toBe(false);
  });

  test("opens after a restart, and looks different each time", () => {
    const again = new MessageCipher(key, systemRandom);
    const texts = [cipher.seal("same"), cipher.seal("same"), again.seal("same")];
    expect(new Set(texts).size).toBe(3);
    for (const text of texts) expect(again.open(text)).toBe("same");
  });

  test("opens whatever many starts made before", () => {
    const texts = Array.from({ length: 100 }, () => new MessageCipher(key, systemRandom).seal("x"));
    for (const text of [...texts, ...texts]) expect(cipher.open(text)).toBe("x");
  });

  test("does not open when a bit is another, under another key, or when it is none", () => {
    const sealed = Buffer.from(cipher.seal("secret"), "base64url");
    for (let at = 0; at < sealed.length; at++) {
      const spoiled = Buffer.from(sealed);
      spoiled[at]! ^= 1;
      expect(() => cipher.open(spoiled.toString("base64url"))).toThrow(SealedBodyUnreadable);
    }
    const other = new MessageCipher(createSealingKey(systemRandom), systemRandom);
    expect(() => other.open(sealed.toString("base64url"))).toThrow(SealedBodyUnreadable);
    for (const text of ["", "x", "plain text"]) expect(() => cipher.open(text)).toThrow(SealedBodyUnreadable);
  });
});
