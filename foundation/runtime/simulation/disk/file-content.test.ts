import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { bytesOf, textOf } from "../../conformance/harness.ts";
import { SeededRandom } from "../seeded-random.ts";
import { FileContent, SECTOR_BYTES } from "./file-content.ts";

const random = SeededRandom.fromSeed(1);

function textIn(content: FileContent): string {
  return textOf(content.read(0, 1 << 20));
}

describe("FileContent", () => {
  test("a sync covers the changes before its mark and no others", () => {
    const content = new FileContent();
    content.write(0, bytesOf("early"));
    const mark = content.mark();
    content.write(5, bytesOf(" late"));
    content.sync(mark);
    expect(content.dirty).toBe(true);
    expect(textIn(content)).toBe("early late");
    content.losePower("none", random);
    expect(textIn(content)).toBe("early");
  });

  test("a failed sync leaves later changes to the next one", () => {
    const content = new FileContent();
    content.write(0, bytesOf("early"));
    const mark = content.mark();
    content.write(5, bytesOf(" late"));
    content.failSync(mark, random);
    content.sync(content.mark());
    content.losePower("none", random);
    expect(textIn(content).slice(5)).toBe(" late");
  });

  test("truncation is undone with the rest, and forgotten bytes read as zeros", () => {
    const content = new FileContent();
    content.write(0, bytesOf("abcdef"));
    content.sync(content.mark());
    content.truncate(2);
    content.truncate(4);
    expect(textIn(content)).toBe("ab\0\0");
    content.losePower("none", random);
    expect(textIn(content)).toBe("abcdef");
  });

  test("whatever is lost, each sector is in a state that it has had since the sync", () => {
    const SIZE = 4 * SECTOR_BYTES;
    const writes = fc.array(
      fc.record({
        offset: fc.nat(SIZE - 1),
        length: fc.integer({ min: 1, max: SIZE }),
        byte: fc.integer({ min: 1, max: 255 }),
      }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(
        writes,
        fc.nat(1000),
        fc.constantFrom("prefix", "sectors", "none", "all"),
        (list, seed, writeBack) => {
          const content = new FileContent();
          content.write(0, new Uint8Array(SIZE));
          content.sync(content.mark());
          const states = [content.read(0, SIZE)];
          for (const { offset, length, byte } of list) {
            content.write(offset, new Uint8Array(Math.min(length, SIZE - offset)).fill(byte));
            states.push(content.read(0, SIZE));
          }
          content.losePower(writeBack, SeededRandom.fromSeed(seed));
          const found = content.read(0, SIZE);
          for (let sector = 0; sector < SIZE; sector += SECTOR_BYTES) {
            const matches = states.some(
              (state) =>
                Buffer.compare(
                  state.subarray(sector, sector + SECTOR_BYTES),
                  found.subarray(sector, sector + SECTOR_BYTES),
                ) === 0,
            );
            expect(matches).toBe(true);
          }
          if (writeBack === "none") expect(found).toEqual(states[0]!);
          if (writeBack === "all") expect(found).toEqual(states.at(-1)!);
          expect(content.dirty).toBe(false);
        },
      ),
      { numRuns: 200 },
    );
  });
});
