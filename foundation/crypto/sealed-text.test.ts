import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { systemRandom } from "#foundation/runtime";
import { CryptoError } from "./crypto-error.ts";
import { open, SEALED_TEXT_BYTES_MAX, seal } from "./sealed-text.ts";
import { createSealingKey, sealingKeyFromBase64, sealingKeyToBase64 } from "./sealing-key.ts";

const key = createSealingKey(systemRandom);

describe("seal() and open()", () => {
  test("open() gives back what seal() took", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string(), (text, context) => {
        expect(open(key, seal(key, text, context, systemRandom), context)).toBe(text);
      }),
    );
  });

  test("has the documented form", () => {
    const zero = { ...systemRandom, bytes: (length: number) => new Uint8Array(length) };
    const zeroKey = sealingKeyFromBase64(Buffer.alloc(32).toString("base64"));
    // AES-256-GCM of an empty text with key 0 and nonce 0: the published tag 530f8afbc74536b9a963b4f1c4cb738b (GCM specification, test case 13).
    expect(seal(zeroKey, "", "", zero)).toBe(
      `v1.AAAAAAAAAAAAAAAA.${Buffer.from("530f8afbc74536b9a963b4f1c4cb738b", "hex").toString("base64url")}`,
    );
  });

  test("open() refuses every single changed character, another key and another context", () => {
    const sealed = seal(key, "secret", "AKIA1", systemRandom);
    for (let index = 0; index < sealed.length; index++) {
      for (const other of ["A", "B", ".", "=", "é"]) {
        const altered = sealed.slice(0, index) + other + sealed.slice(index + 1);
        if (altered !== sealed) expect(() => open(key, altered, "AKIA1")).toThrow(CryptoError);
      }
    }
    // 22 bytes leave four unused bits in the last character: other spellings of the same bytes are refused too.
    for (const last of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
      const altered = sealed.slice(0, -1) + last;
      if (altered !== sealed) expect(() => open(key, altered, "AKIA1")).toThrow(CryptoError);
    }
    expect(() => open(key, sealed, "AKIA2")).toThrow(CryptoError);
    expect(() => open(createSealingKey(systemRandom), sealed, "AKIA1")).toThrow(CryptoError);
    for (const hostile of ["", "v1", "v1..", `v2${sealed.slice(2)}`, `${sealed}\n`, sealed.slice(0, -1)]) {
      expect(() => open(key, hostile, "AKIA1")).toThrow(CryptoError);
    }
  });

  test("seal() never repeats itself, and refuses what is too long", () => {
    expect(seal(key, "a", "", systemRandom)).not.toBe(seal(key, "a", "", systemRandom));
    expect(() => seal(key, "a".repeat(SEALED_TEXT_BYTES_MAX + 1), "", systemRandom)).toThrow(RangeError);
  });
});

describe("sealing keys", () => {
  test("go to base64 and back, and nothing else is a key", () => {
    expect(sealingKeyFromBase64(sealingKeyToBase64(key)).equals(key)).toBe(true);
    for (const text of [
      "",
      "AAAA",
      `${sealingKeyToBase64(key)}=`,
      "!".repeat(44),
      Buffer.alloc(33).toString("base64"),
    ]) {
      expect(() => sealingKeyFromBase64(text)).toThrow(CryptoError);
    }
  });

  test("do not show themselves in JSON or logs", () => {
    const shown = JSON.stringify({ key }) + Bun.inspect(key) + String(key);
    expect(shown).not.toContain(sealingKeyToBase64(key));
  });
});
