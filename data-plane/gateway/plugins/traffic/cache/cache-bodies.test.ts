import { describe, expect, test } from "bun:test";
import { MessageBody } from "#foundation/http1";
import { createVirtualTime } from "#foundation/runtime";
import type { Answer } from "../../../message/answer.ts";
import { testExchange, testHost, textOf } from "../../../testing/index.ts";
import { ALICE, cached, START } from "../testing/cached.ts";
import { upstreamAnswer } from "../testing/through.ts";

describe("a body that comes in pieces", () => {
  const pieces = ["one ", "two ", "three"];
  async function* coming(count = pieces.length): AsyncGenerator<Uint8Array> {
    for (const piece of pieces.slice(0, count)) yield Buffer.from(piece);
    if (count < pieces.length) throw new Error("the origin has gone");
  }
  async function read({ body }: Answer): Promise<string> {
    let text = "";
    for await (const piece of body as AsyncIterable<Uint8Array>) text += Buffer.from(piece).toString();
    return text;
  }
  const streaming = (body: Answer["body"], length?: number) => (): Answer => ({
    ...upstreamAnswer(null),
    body,
    length,
  });

  test("passes as it comes, and is kept once all of it has passed", async () => {
    const { get, asked } = await cached();
    const first = await get({}, streaming(coming()));
    expect(await read(first)).toBe("one two three");
    expect(textOf(await get({}, streaming(coming())))).toBe("one two three");
    expect(asked).toHaveLength(1);
  });

  test("is kept as it was when its memory is used again", async () => {
    const { get } = await cached();
    async function* reusing(): AsyncGenerator<Uint8Array> {
      const memory = Buffer.alloc(4);
      for (const piece of ["one ", "two "]) {
        memory.write(piece);
        yield memory;
      }
    }
    await read(await get({}, streaming(reusing())));
    expect(textOf(await get({}, streaming(coming())))).toBe("one two ");
  });

  test("is not kept when it breaks, is shorter than announced, or nobody wants the rest", async () => {
    const { get, asked } = await cached();
    await expect(read(await get({}, streaming(coming(2))))).rejects.toThrow("the origin has gone");
    await read(await get({}, streaming(coming(), 100)));
    for await (const _ of (await get({}, streaming(coming()))).body as AsyncIterable<Uint8Array>) break;
    await get({}, streaming(coming()));
    expect(asked).toHaveLength(4);
  });

  test("is not kept when it is too long", async () => {
    const { get, asked } = await cached({ max_entry_bytes: 12 });
    expect(await read(await get({}, streaming(coming())))).toBe("one two three");
    expect(await read(await get({}, streaming(coming())))).toBe("one two three");
    const announced = await get({}, streaming(coming(), 13));
    expect(await read(announced)).toBe("one two three");
    expect(asked).toHaveLength(3);
  });

  test("that has come with its head is kept at once", async () => {
    const { get, asked } = await cached();
    const body = new MessageBody({ wantBody() {}, pauseBody() {}, resumeBody() {} });
    for (const piece of pieces) body.push(Buffer.from(piece));
    body.finish(undefined as never);
    const first = await get({}, streaming(body, 13));
    expect(first.body).toBe(body);
    expect(textOf(await get({}, streaming(coming())))).toBe("one two three");
    expect(asked).toHaveLength(1);
  });
});

describe("requests for the same at the same time", () => {
  test("wait for the one that asks the origin", async () => {
    const { middleware } = await cached();
    const leader = testExchange();
    expect(middleware.onRequest!(leader)).toBeUndefined();
    const followers = [1, 2, 3].map(() => middleware.onRequest!(testExchange()));
    expect(followers.every((one) => one instanceof Promise)).toBe(true);
    await middleware.onResponse!(leader, upstreamAnswer("shared"));
    for (const answer of await Promise.all(followers)) expect(textOf(answer)).toBe("shared");
  });

  test("go on by themselves when its response is not to be kept, and do not wait for each other any more", async () => {
    const { middleware } = await cached();
    const leader = testExchange();
    middleware.onRequest!(leader);
    const follower = middleware.onRequest!(testExchange());
    await middleware.onResponse!(leader, upstreamAnswer("mine", { "Cache-Control": "private" }));
    expect(await follower).toBeUndefined();
    expect(middleware.onRequest!(testExchange())).toBeUndefined();
    expect(middleware.onRequest!(testExchange())).toBeUndefined();
  });

  test("go on when its client has gone, and when it takes too long", async () => {
    const { middleware, host } = await cached();
    const gone = testExchange();
    middleware.onRequest!(gone);
    const afterGone = middleware.onRequest!(testExchange());
    middleware.onEnd!(gone, { status: 0, complete: false, durationMs: 1, bytesIn: 0, bytesOut: 0 });
    expect(await afterGone).toBeUndefined();
    // The one that went on asks now.
    const late = middleware.onRequest!(testExchange());
    host.time.advance(2_000);
    expect(await late).toBeUndefined();
    expect(host.time.pendingTimers()).toBe(0);
  });

  test("do not wait for a body that may go on for ever, and not longer for one that is slow", async () => {
    const { middleware, host } = await cached();
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield Buffer.from("tick ");
    }
    const leader = testExchange({ target: "/events" });
    middleware.onRequest!(leader);
    const follower = middleware.onRequest!(testExchange({ target: "/events" }));
    await middleware.onResponse!(leader, { ...upstreamAnswer(null), body: endless() });
    expect(await follower).toBeUndefined();
    middleware.onRequest!(testExchange({ target: "/slow" }));
    host.time.advance(1_900);
    const late = middleware.onRequest!(testExchange({ target: "/slow" }));
    host.time.advance(100);
    expect(await late).toBeUndefined();
  });

  test("do not wait when they are somebody's own", async () => {
    const { middleware } = await cached();
    middleware.onRequest!(testExchange());
    expect(middleware.onRequest!(testExchange({ identity: ALICE }))).toBeUndefined();
  });
});

test("what is kept outlives a reload, and a shorter ttl counts at once", async () => {
  const host = testHost(createVirtualTime(START));
  const before = await cached({ ttl: 100 }, host);
  await before.get({}, () => upstreamAnswer("kept"));
  host.time.advance(50_000);
  const after = await cached({ ttl: 60 }, host);
  expect(textOf(await after.get({}, () => upstreamAnswer("new")))).toBe("kept");
  host.time.advance(10_000);
  expect(textOf(await after.get({}, () => upstreamAnswer("new")))).toBe("new");
});
