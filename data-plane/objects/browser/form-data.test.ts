import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { boundaryOf, PRE_FILE_BYTES_MAX, readUploadForm } from "./form-data.ts";

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size);
}
async function collect(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of content) parts.push(Uint8Array.from(chunk));
  return Buffer.concat(parts);
}
const field = (name: string, value: string) =>
  `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const form = (content: Uint8Array | string, before = "", after = "--B--\r\n") =>
  Buffer.concat([
    Buffer.from(
      `${before}--B\r\nContent-Disposition: form-data; name="file"; filename="a b.txt"\r\nContent-Type: text/plain\r\n\r\n`,
    ),
    Buffer.from(content),
    Buffer.from(`\r\n${after}`),
  ]);

test("boundaryOf() reads quoted and bare boundaries", () => {
  expect(boundaryOf("multipart/form-data; boundary=abc")).toBe("abc");
  expect(boundaryOf('Multipart/Form-Data; charset=utf-8; boundary="a b"')).toBe("a b");
  expect(boundaryOf("multipart/form-data")).toBeUndefined();
  expect(boundaryOf("application/x-www-form-urlencoded")).toBeUndefined();
  expect(boundaryOf(`multipart/form-data; boundary=${"x".repeat(71)}`)).toBeUndefined();
  expect(boundaryOf(undefined)).toBeUndefined();
});

describe("readUploadForm()", () => {
  test("fields, then the file, however the bytes are cut", async () => {
    const bytes = form(
      "hello\r\n--Bnot",
      field("Key", "user/${filename}") + field("acl", ""),
      `${field("late", "x")}--B--`,
    );
    for (let size = 1; size < 40; size++) {
      const { fields, file } = await readUploadForm(chunks(bytes, size), "B");
      expect(Object.fromEntries(fields)).toEqual({ key: "user/${filename}", acl: "" });
      // A delimiter ends the file wherever it stands, also when more follows on its line.
      expect((await collect(file.content)).toString()).toBe("hello");
    }
  });

  test("any content survives any cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 64 }), async (content, size) => {
        const bytes = form(content, field("key", "k"));
        const { fields, file } = await readUploadForm(chunks(bytes, size), "B");
        expect(fields.get("key")).toBe("k");
        expect([file.name, file.contentType]).toEqual(["a b.txt", "text/plain"]);
        const delimiter = Buffer.from(content).indexOf("\r\n--B");
        expect(
          Buffer.compare(await collect(file.content), content.subarray(0, delimiter < 0 ? undefined : delimiter)),
        ).toBe(0);
      }),
    );
  });

  test("a file that looks almost like a delimiter stays whole", async () => {
    const content = "\r\n-\r\n--\r\r\n--A\r\n";
    for (let size = 1; size < 12; size++) {
      const { file } = await readUploadForm(chunks(form(content), size), "B");
      expect((await collect(file.content)).toString()).toBe(content);
    }
  });

  test("fields after the file do not count", async () => {
    const { fields, file } = await readUploadForm(
      chunks(form("x", field("key", "k"), `${field("acl", "z")}--B--`), 7),
      "B",
    );
    expect((await collect(file.content)).toString()).toBe("x");
    expect(fields.has("acl")).toBe(false);
  });

  test("refuses what is not whole, not a form, or too long", async () => {
    const read = async (bytes: Uint8Array) => {
      const { file } = await readUploadForm(chunks(bytes, 100), "B");
      return collect(file.content);
    };
    await expect(read(Buffer.from("nothing"))).rejects.toThrow("not well-formed");
    await expect(read(Buffer.from(`${field("key", "k")}--B--\r\n`))).rejects.toThrow("exactly one file");
    await expect(read(form("x").subarray(0, -9))).rejects.toThrow("not well-formed");
    await expect(read(Buffer.from("--B\r\nContent-Type: x\r\n\r\nx\r\n--B--"))).rejects.toThrow("not well-formed");
    await expect(read(form("x", field("key", "k".repeat(PRE_FILE_BYTES_MAX + 1))))).rejects.toThrow("too large");
    await expect(read(form("x", field("a", "k".repeat(1000)).repeat(25)))).rejects.toThrow("too large");
    await expect(read(Buffer.alloc(100_000, "x"))).rejects.toThrow("too large");
  });
});
