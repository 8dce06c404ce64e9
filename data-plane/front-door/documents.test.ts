import { expect, test } from "bun:test";
import { Documents } from "./documents.ts";
import { fakeRequest } from "./testing/fake-request.ts";

const ofLength = (length: number) => fakeRequest({ body: new Uint8Array(length) });
const unsaid = () => fakeRequest({ body: "x", withoutLength: true });

/** Takes a document that does not arrive before `finish` is called. */
function arriving(documents: Documents, sender: "anonymous" | "keyed", length: number) {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const taken = documents.take(ofLength(length), sender, 1000, () => promise);
  return { taken, finish: resolve, fail: reject };
}

test("as much as the budget may arrive at the same time, and no more", async () => {
  const documents = new Documents({ anonymous: 100, keyed: 100 });
  const first = arriving(documents, "keyed", 60);
  const second = arriving(documents, "keyed", 40);
  const tooMuch = documents.take(ofLength(1), "keyed", 1000, async () => {});
  await expect(tooMuch).rejects.toMatchObject({ code: "SlowDown", statusCode: 503 });

  first.finish();
  await first.taken;
  await documents.take(ofLength(60), "keyed", 1000, async () => {});
  second.finish();
  await second.taken;
});

test("a document that does not arrive gives its place back", async () => {
  const documents = new Documents({ anonymous: 100, keyed: 100 });
  const broken = arriving(documents, "keyed", 100);
  broken.fail(new Error("gone"));
  await expect(broken.taken).rejects.toThrow("gone");
  expect(await documents.take(ofLength(100), "keyed", 1000, async () => "read")).toBe("read");
});

test("callers without a key cannot keep out those who have one", async () => {
  const documents = new Documents({ anonymous: 100, keyed: 100 });
  const crowd = arriving(documents, "anonymous", 100);
  expect(await documents.take(ofLength(100), "keyed", 1000, async () => "read")).toBe("read");
  crowd.finish();
  await crowd.taken;
});

test("a length that nobody said counts as the limit; one beyond the limit is refused by the reader, not here", async () => {
  const documents = new Documents({ anonymous: 100, keyed: 100 });
  await expect(documents.take(unsaid(), "keyed", 101, async () => {})).rejects.toMatchObject({ code: "SlowDown" });
  expect(await documents.take(unsaid(), "keyed", 100, async () => "read")).toBe("read");
  expect(await documents.take(ofLength(5000), "keyed", 100, async () => "read")).toBe("read");
});
