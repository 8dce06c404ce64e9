import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { MalformedInput } from "../values/malformed-input.ts";
import { escapeAttribute, escapeText } from "./escape-xml.ts";
import { parseXml, type XmlElement } from "./parse-xml.ts";

function leaf(text: string): XmlElement {
  return parseXml(`<a>${text}</a>`);
}

describe("parseXml", () => {
  test("reads declaration, comments, instructions, namespaces, attributes, CDATA and references", () => {
    const root = parseXml(
      `\uFEFF<?xml version="1.0" encoding="utf-8"?>\r\n<!-- <a> -->\n<?pi x?><s:Tag xmlns:s="urn:x" b='1"2' c = "&lt;\n">
        <Key>k&#x1;&#65;<![CDATA[<&]]></Key><Empty/></s:Tag> <!-- end -->\n`,
    );
    expect(root).toEqual({
      name: "Tag",
      attributes: [
        ["xmlns:s", "urn:x"],
        ["b", '1"2'],
        ["c", "< "],
      ],
      children: [
        { name: "Key", attributes: [], children: [], text: "k\u0001A<&" },
        { name: "Empty", attributes: [], children: [], text: "" },
      ],
      text: "",
    });
  });

  test("keeps white space of a leaf and reads line ends as line feeds", () => {
    expect(leaf("  a\r\nb\rc ").text).toBe("  a\nb\nc ");
    expect(leaf("a&#xD;b").text).toBe("a\rb");
  });

  test.each([
    ["nothing", ""],
    ["text only", "hello"],
    ["an open element", "<a>"],
    ["a wrong end", "<a></b>"],
    ["a wrong prefix at the end", "<x:a></a>"],
    ["two roots", "<a/><b/>"],
    ["a document type", "<!DOCTYPE a><a/>"],
    ["an entity declaration", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ["a document type inside", "<a><!DOCTYPE b></a>"],
    ["an unknown entity", "<a>&nbsp;</a>"],
    ["an open reference", "<a>&amp</a>"],
    ["a bare ampersand", "<a>a & b</a>"],
    ["a reference to nothing", "<a>&#0;</a>"],
    ["a reference to a surrogate", "<a>&#xD800;</a>"],
    ["a reference beyond Unicode", "<a>&#x110000;</a>"],
    ["a control character", "<a>\u0001</a>"],
    ["a nul", "<a>\u0000</a>"],
    ["an unquoted attribute", "<a b=1/>"],
    ["an attribute without value", "<a b/>"],
    ["a repeated attribute", '<a b="1" b="2"/>'],
    ["attributes without space", '<a b="1"c="2"/>'],
    ["a less-than in an attribute", '<a b="<"/>'],
    ["a double hyphen in a comment", "<a><!-- a -- b --></a>"],
    ["an open comment", "<a><!-- </a>"],
    ["an open CDATA", "<a><![CDATA[ </a>"],
    ["the end of CDATA in text", "<a>]]></a>"],
    ["a late declaration", '<a/><?xml version="1.0"?>'],
    ["another encoding", '<?xml version="1.0" encoding="ISO-8859-1"?><a/>'],
    ["a name that starts with a digit", "<1a/>"],
    ["a space before the name", "< a/>"],
  ])("refuses %s", (_, text) => {
    expect(() => parseXml(text)).toThrow(MalformedInput);
  });

  test("refuses bytes that are not UTF-8", () => {
    expect(() => parseXml(new Uint8Array([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]))).toThrow(MalformedInput);
  });

  test("refuses deep nesting without using the stack", () => {
    expect(() => parseXml("<a>".repeat(200_000))).toThrow("nested too deeply");
  });

  test("takes time linear in the text for texts that defeat backtracking", () => {
    const size = 300_000;
    // Quadratic work on any of these would take minutes, not the second that the test runner allows.
    for (const text of [
      `<a ${" ".repeat(size)}`,
      `<a b="${"&amp;".repeat(size)}`,
      `<a>${"&".repeat(size)}`,
      `<a>${"<!---->".repeat(size / 10)}`,
      `<a>${"<b/>".repeat(size / 4)}`,
      `<${"a".repeat(size)}`,
      `<a ${Array.from({ length: 20_000 }, (_, index) => `b${index}="1"`).join(" ")}/>`,
      `<?xml version="1.0"${" ".repeat(size)}`,
    ]) {
      expect(() => parseXml(text)).toThrow(MalformedInput);
    }
  });

  test("reads back every text and attribute that the writer escapes", () => {
    // Unit strings include lone surrogates, which no encoding of XML can carry.
    const text = fc.string({ unit: "binary" }).filter((value) => !/[\u0000\uFFFE\uFFFF]/.test(value));
    fc.assert(
      fc.property(text, text, (content, attribute) => {
        const root = parseXml(`<a b="${escapeAttribute(attribute)}">${escapeText(content)}</a>`);
        expect(root.text).toBe(content);
        expect(root.attributes[0]?.[1]).toBe(attribute);
      }),
    );
  });

  test("throws nothing but MalformedInput for mutated documents", () => {
    const seed = '<?xml version="1.0"?><D xmlns="u"><O a="1&lt;"><K>x&#x1;<![CDATA[y]]></K></O><!--c--><Q/></D>';
    fc.assert(
      fc.property(mutations, (changes) => {
        try {
          parseXml(mutate(seed, changes));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedInput);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

const mutations = fc.array(
  fc.record({
    at: fc.nat(200),
    remove: fc.nat(5),
    insert: fc.constantFrom(
      "<",
      ">",
      "/",
      "&",
      ";",
      '"',
      "'",
      "!",
      "-",
      "[",
      "]",
      "?",
      "\u0001",
      "\u00ff",
      "a",
      " ",
      "=",
      "\r",
    ),
  }),
  { maxLength: 6 },
);

function mutate(text: string, changes: readonly { at: number; remove: number; insert: string }[]): string {
  let result = text;
  for (const { at, remove, insert } of changes) {
    const position = at % (result.length + 1);
    result = result.slice(0, position) + insert + result.slice(position + remove);
  }
  return result;
}
