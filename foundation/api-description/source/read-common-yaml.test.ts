/** The fast reader never reads anything differently than the whole parser. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import fc from "fast-check";
import { randomFrom } from "../../../tests/support/random.ts";
import { runs } from "../../../tests/support/runs.ts";
import { vectorsDirectory, vectorTest } from "../../../tests/support/skips.ts";
import { damaged } from "./damaged-text.ts";
import { readCommonYaml } from "./read-common-yaml.ts";
import { readYaml } from "./read-yaml.ts";
import { SOURCE_LIMITS, type SourceSlot } from "./source-tree.ts";

function flat({ keyAt, at, node }: SourceSlot): unknown {
  const { entries, items, value, size, height } = node;
  const inside = entries ? [...entries].map(([key, slot]) => [key, flat(slot)]) : items?.map(flat);
  return [keyAt, at, inside ?? value, size, height];
}

/** Whether the text is common; and if so, that both read the same. */
function compared(text: string): boolean {
  const fast = readCommonYaml(text, SOURCE_LIMITS);
  if (fast === undefined) return false;
  const whole = readYaml(text, SOURCE_LIMITS);
  expect(whole.problems, text).toEqual([]);
  expect(JSON.stringify(flat(fast.root!)), text).toBe(JSON.stringify(flat(whole.root!)));
  return true;
}

const TEXTS = [
  `a: 1
b:
  - x
  - y: 2
    z: "q \\n"
  -   - n
      - m
c: |
  line one
   two

  three
d: >-
  fold me
  please

  para
e: [1, two, {k: v, "q": 'it''s'}]
f: {}
g: plain text
  goes on

  here # no
"h i": 'single
  quoted # text

  more'
j: "double \\
  \\ quoted \\U0001F600
  more"
k:
- l
- m: n
  o:
  - p
`,
  `---
openapi: 3.0.0
# c
info:
    title:   x   # comment
    version: 1.0.0
paths:
  /a/{b}:
    get:
      responses: {'200': {description: ok}, default: {}}
      x-e: [a,
        b, [c,d],
        {e: f}]
    parameters: []
`,
  "- a\n- - b\n  - c\n-\n  d: e\n  f:\n    |+\n    t\n\n\n- g:\n  h:\n   i\n",
  `folded: >-

  first
  line

    further
      and more

  back

kept: >2+
    two further
   one

  none


other: |-2
    a
  b
list:
- >1
  x
 y
- |2-

    z
blanks: >-
  one
     
  two
   

  three
numbers: [-0.5, -1]
last: z
`,
  `shared: &shared
  a: 1
  b: &list
  - x
  - &item
    c: [*shared-not, 1]
text: &text some
  words
quoted: &quoted "q" # why
flow: &flow {k: [1], l: *text}
uses:
  - *quoted
  - *flow # again
  - &own plain
  - &nested
    - n
    - *own
  - [*text, *own , {m: *list}]
merged:
  b: own
  <<: *shared
  d: *item
several:
  <<: [*flow, *shared]
same: &same
- *nested
again: &text other
last: *text
block: &block |
  t
"<<": no merge
`.replace("*shared-not", "0"),
];

describe("the fast reader of YAML", () => {
  test("knows the common forms", () => {
    expect(TEXTS.map(compared)).toEqual(TEXTS.map(() => true));
    expect(TEXTS.map((text) => compared(text.replaceAll("\n", "\r\n")))).toEqual(TEXTS.map(() => true));
  });

  test.each([
    "a: *x\n",
    "a: &x\nb: *x\n",
    "a: &x\n  b: *x\n",
    "a: &x &y 1\n",
    "a: &x 1\nb: &y *x\n",
    "- &x a: 1\n- *x\n",
    "- &x\n",
    "&x a: 1\n",
    "a: &x b\n*x : 1\n",
    "a: !!str 1\n",
    "<<: 1\n",
    "a: &x {b: 1}\nc:\n  <<: *x\n  <<: *x\n",
    "a: &x [1]\nc:\n  <<: *x\n",
    "a: [&x 1, *x]\n",
    "a: &ü 1\n",
    "? a\n: b\n",
    "a: 1\na: 2\n",
    "a: b: c\n",
    "a: [1\n",
    "- a\nb: c\n",
    "%YAML 1.2\n---\na: 1\n",
    "a: 1\n---\n",
    "\ta: 1\n",
    "a: 'x\n",
  ])("leaves %j to the whole parser", (text) => {
    expect(readCommonYaml(text, SOURCE_LIMITS)).toBeUndefined();
  });

  test("reads damaged texts as the whole parser does, or not at all", () => {
    let common = 0;
    fc.assert(
      fc.property(fc.constantFrom(...TEXTS), fc.nat(), (text, seed) => {
        if (compared(damaged(text, randomFrom(seed)))) common++;
      }),
      { numRuns: runs(1000) },
    );
    expect(common).toBeGreaterThan(100);
  });

  vectorTest("reads published descriptions as the whole parser does", () => {
    const folder = join(vectorsDirectory!, "openapi");
    const files = [...new Glob("**/*.{yaml,yml}").scanSync(folder)];
    const common = files.filter((file) => compared(readFileSync(join(folder, file), "utf8")));
    // All but those that are wrong, have anchors, or are empty.
    expect(files.length - common.length).toBeLessThanOrEqual(5);
  });
});
