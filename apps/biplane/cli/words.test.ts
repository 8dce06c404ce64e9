import { describe, expect, test } from "bun:test";
import { closest, editDistance } from "#foundation/errors";
import { explainError } from "./explain-error.ts";
import { printable } from "./terminal.ts";
import { tableLines } from "./text-table.ts";
import { counted, humanDuration, humanSize, parseSeconds } from "./units.ts";
import { listOf, objectOf, parseXmlAnswer, textOf } from "./xml-answer.ts";

describe("suggestions", () => {
  test("are made for slips, not for other words", () => {
    const names = ["buckets", "status", "env", "events", "completion"];
    expect(["bukcets", "bucket", "statsu", "en", "evnts", "compl"].map((typed) => closest(typed, names))).toEqual([
      "buckets",
      "buckets",
      "status",
      "env",
      "events",
      "completion",
    ]);
    expect(["x", "kubernetes", "", "stop"].map((typed) => closest(typed, names))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("count a swap of neighbours as one slip", () => {
    expect([
      editDistance("ab", "ba"),
      editDistance("abc", "abc"),
      editDistance("", "abc"),
      editDistance("kitten", "sitting"),
    ]).toEqual([1, 0, 3, 3]);
  });
});

describe("units", () => {
  test.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1 KiB"],
    [1536, "1.5 KiB"],
    [1024 * 1024 - 1, "1 MiB"],
    [123_456_789, "118 MiB"],
    [5 * 1024 ** 4, "5 TiB"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(humanSize(bytes)).toBe(text);
  });

  test("durations and counts", () => {
    expect([0, 999, 1000, 119_000, 120_000, 7_199_000, 7_200_000, 3 * 86_400_000].map(humanDuration)).toEqual([
      "0 ms",
      "999 ms",
      "1 s",
      "119 s",
      "2 min",
      "119 min",
      "2 h",
      "3 d",
    ]);
    expect([counted(1, "object"), counted(0, "object")]).toEqual(["1 object", "0 objects"]);
    expect(["90", "90s", "15m", "12h", "7d", "", "1w", "-1", "1.5h", "9999999999"].map(parseSeconds)).toEqual([
      90,
      90,
      900,
      43_200,
      604_800,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

test("tables line up, also with wide characters and colours", () => {
  const rows = [
    { name: "a", size: "1" },
    { name: "日本", size: "22" },
    { name: "\u001b[32mgreen\u001b[0m", size: "333" },
  ];
  const columns = [
    { title: "NAME", cell: (row: (typeof rows)[number]) => row.name },
    { title: "SIZE", align: "right", cell: (row: (typeof rows)[number]) => row.size },
  ] as const;
  expect(tableLines(columns, rows)).toEqual([
    "NAME   SIZE",
    "a         1",
    "日本     22",
    "\u001b[32mgreen\u001b[0m   333",
  ]);
});

test("names cannot move the cursor, change colours or turn text around", () => {
  expect(printable("a\u001b[2Jb\r\nc\u009b1m\u202ed")).toBe("a\\x1b[2Jb\\x0d\\x0ac\\x9b1m\\u202ed");
  expect(printable("Grüße, 日本 🎉")).toBe("Grüße, 日本 🎉");
});

describe("S3's answers", () => {
  test("are read into objects", () => {
    const answer = parseXmlAnswer(
      '<?xml version="1.0" encoding="UTF-8"?>\n<R xmlns="http://x/"><K>a &amp; b&#x41;</K><I><N> 1 </N></I><I><N>2</N></I><E/><G xmlns:x="y" x:t="u"><D>d</D></G></R>',
    );
    const root = objectOf(answer.R);
    expect(textOf(root.K)).toBe("a & bA");
    expect(listOf(root.I).map((one) => textOf(one.N))).toEqual([" 1 ", "2"]);
    expect([listOf(root.E), listOf(root.absent), textOf(objectOf(root.G).D)]).toEqual([[], [], "d"]);
  });

  test.each([
    ["<a>"],
    ["<a></b>"],
    ["</a>"],
    ["<a><b></a></b>"],
    ["<a"],
    ["a < b"],
    [`${"<a>".repeat(100)}${"</a>".repeat(100)}`],
  ])("that are not XML are refused: %.20s", (text) => {
    expect(() => parseXmlAnswer(text)).toThrow(SyntaxError);
  });

  test("cannot poison objects", () => {
    const answer = parseXmlAnswer("<a><__proto__><x>1</x></__proto__></a>");
    expect(Object.hasOwn(objectOf(answer.a), "__proto__")).toBe(true);
    expect((Object.prototype as { readonly x?: unknown }).x).toBeUndefined();
  });
});

test("errors of the system are explained", () => {
  const failed = (code: string, more: object = {}) => Object.assign(new Error(`${code}: failed`), { code, ...more });
  expect(
    [
      failed("EADDRINUSE", { port: 4566 }),
      failed("EACCES"),
      failed("ENOENT", { path: "/x" }),
      failed("ENOSPC"),
      failed("ECONNREFUSED"),
      new Error("boom"),
      "a text",
    ].map((error) => explainError(error).code),
  ).toEqual([
    "ADDRESS_IN_USE",
    "FORBIDDEN_BY_SYSTEM",
    "FILE_NOT_FOUND",
    "DISK_FULL",
    "UNREACHABLE",
    "INTERNAL",
    "INTERNAL",
  ]);
  expect(explainError(failed("EADDRINUSE", { port: 4566 })).message).toContain("Port 4566");
});

test("a data directory that cannot be used is no bug of the program", () => {
  const failed = (code: string) => Object.assign(new Error("/data/objects.db is missing; restore it"), { code });
  for (const code of ["Corrupt", "KeyFileMissing", "SchemaTooNew", "SQLITE_CORRUPT", "SQLITE_CORRUPT_INDEX"]) {
    expect(explainError(failed(code))).toMatchObject({ code: "STATE_INVALID" });
    expect(explainError(failed(code)).message).toContain("/data/objects.db is missing; restore it");
  }
  expect(explainError(failed("SQLITE_FULL")).code).toBe("DISK_FULL");
  expect(explainError(failed("SQLITE_READONLY_DIRECTORY")).code).toBe("FORBIDDEN_BY_SYSTEM");
  expect(explainError(failed("Locked")).code).toBe("DATA_DIRECTORY_IN_USE");
  expect(explainError(failed("SQLITE_MISUSE")).code).toBe("INTERNAL");
});
