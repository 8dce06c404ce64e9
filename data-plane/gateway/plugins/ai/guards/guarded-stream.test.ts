import { expect, test } from "bun:test";
import fc from "fast-check";
import { unnamed } from "../testing/providers.ts";
import { GuardedStream } from "./guarded-stream.ts";
import { TextRules } from "./guarded-text.ts";

const RULES = new TextRules({ redact: [{ pattern: "b+c", replacement: "*" }], blocked_patterns: ["dad"] });

interface Read {
  readonly text: string;
  readonly isBlocked: boolean;
}

/** @param texts pieces of the answer @param cut octets of each piece of the stream */
async function read(texts: readonly string[], cut: number, ends: boolean): Promise<Read> {
  const chunks = texts.map((content) => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }));
  const finish = { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
  const bytes = Buffer.from([...chunks, ...(ends ? [finish] : []), "[DONE]"].map(unnamed).join(""));
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += cut) yield bytes.subarray(at, at + cut);
  }
  let [text, isBlocked] = ["", false];
  const events: string[] = [];
  for await (const piece of new GuardedStream(pieces(), RULES, () => {})) events.push(Buffer.from(piece).toString());
  for (const [, data] of events.join("").matchAll(/^data: (.*)$/gm)) {
    if (data === "[DONE]") continue;
    const { choices, error } = JSON.parse(data!) as { choices?: { delta: { content?: string } }[]; error?: unknown };
    if (error !== undefined) isBlocked = true;
    for (const { delta } of choices ?? []) text += delta.content ?? "";
  }
  return { text, isBlocked };
}

test("however an answer is cut, the same of it passes", async () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c", "d", "é", "😀"), maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(word, { maxLength: 6 }),
      fc.integer({ min: 1, max: 60 }),
      fc.boolean(),
      async (texts, cut, ends) => {
        const whole = texts.join("");
        const blockedAt = whole.indexOf("dad");
        const seen = await read(texts, cut, ends);
        expect(seen.isBlocked).toBe(blockedAt !== -1);
        // Matches that touch are one.
        const passing = (blockedAt === -1 ? whole : whole.slice(0, blockedAt)).replace(/(?:b+c)+/g, "*");
        // What was held back when the answer ended is not told any more.
        if (seen.isBlocked) expect(passing.startsWith(seen.text)).toBe(true);
        else expect(seen.text).toBe(passing);
      },
    ),
    { numRuns: 200 },
  );
});
