import { describe, expect, test } from "bun:test";
import { BiplaneClient, BiplaneError, type ClientOptions, UnexpectedAnswer } from "./index.ts";

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

/** A client whose control plane is played by hand: each attempt is answered by the next of the answers, the last one again and again. */
function clientOf(
  answers: readonly (Response | Error | ((sent: Sent) => Response | Promise<Response>))[],
  options: Partial<ClientOptions> = {},
) {
  const sent: Sent[] = [];
  const client = new BiplaneClient({
    url: "http://control.test/base/",
    token: "secret",
    async fetch(url, init) {
      sent.push({ url, init });
      const answer = answers[Math.min(sent.length, answers.length) - 1]!;
      if (answer instanceof Error) throw answer;
      return typeof answer === "function" ? answer({ url, init }) : (answer.clone() as Response);
    },
    ...options,
  });
  const keys = () => sent.map(({ init }) => (init.headers as Record<string, string>)["idempotency-key"]);
  return { client, sent, keys };
}

const json = (value: unknown, status = 200, headers: Record<string, string> = {}) =>
  Response.json(value, { status, headers });
const problem = (status: number, code: string, more: object = {}, headers: Record<string, string> = {}) =>
  json({ type: "about:blank", status, code, title: code, ...more }, status, headers);
const SOON = { "retry-after": "0" };
const create = (client: BiplaneClient) => client.apps.create({ org: "111122223333", body: { name: "shop" } });

describe("a call", () => {
  test("is what the operation says: its path, its query, its body, the token", async () => {
    const { client, sent } = clientOf([json({ items: [], next_cursor: null })], { headers: { "x-of-mine": "1" } });
    await client.instances.list({ org: "111122223333", app: "a/b?c", env: "ü", limit: 5, status: "ready" });
    expect(sent[0]!.url).toBe(
      "http://control.test/base/v1/orgs/111122223333/apps/a%2Fb%3Fc/envs/%C3%BC/instances?limit=5&status=ready",
    );
    expect(sent[0]!.init).toMatchObject({
      method: "GET",
      redirect: "error",
      headers: { authorization: "Bearer secret", accept: "application/json", "x-of-mine": "1" },
    });
    expect(sent[0]!.init.body).toBeUndefined();
  });

  test("has octets as they are, in both directions", async () => {
    const octets = new Uint8Array([0x1f, 0x8b, 0xff, 0x00, 0xe4]);
    const { client, sent, keys } = clientOf([
      problem(503, "UPLOADS_BUSY", { retryable: true }, SOON),
      json({ id: "art_1" }),
    ]);
    await client.artifacts.uploadById({ project: "prj_1", body: octets });
    for (const { init } of sent) {
      expect(init).toMatchObject({ method: "POST", headers: { "content-type": "application/octet-stream" } });
      expect(init.body).toEqual(octets);
    }
    expect(new Set(keys()).size).toBe(1);
    const text = { project: "prj_1", body: "text" as never };
    await expect(client.artifacts.uploadById(text)).rejects.toThrow("octets");
    const given = clientOf([new Response(octets)]);
    expect(await given.client.artifacts.downloadById({ artifact: "art_1" })).toEqual(octets);
  });

  test("never becomes another one by what stands in its path", async () => {
    const { client, sent } = clientOf([json({})]);
    for (const app of ["", ".", "..", undefined as never, null as never]) {
      await expect(client.apps.delete({ org: "111122223333", app })).rejects.toThrow(TypeError);
    }
    expect(sent).toEqual([]);
    await client.apps.delete({ org: "111122223333", app: "../../%2e%2e" });
    expect(new URL(sent[0]!.url).pathname).toBe("/base/v1/orgs/111122223333/apps/..%2F..%2F%252e%252e");
  });

  test("asks for the token each time", async () => {
    let turn = 0;
    const { client, sent } = clientOf([json({})], { token: async () => `token-${++turn}` });
    await client.auth.whoAmI();
    await client.auth.whoAmI();
    expect(sent.map(({ init }) => (init.headers as Record<string, string>).authorization)).toEqual([
      "Bearer token-1",
      "Bearer token-2",
    ]);
  });

  test("that takes no token is sent none", async () => {
    const { client, sent } = clientOf([json({})]);
    await client.auth.revokeToken({ body: { token: "other" } });
    expect(sent[0]!.init.headers).not.toHaveProperty("authorization");
  });

  test("is not made without a token that cannot be had", async () => {
    let asked = 0;
    const token = () => {
      asked++;
      throw new Error("no keychain");
    };
    const { client, sent } = clientOf([json({})], { token });
    await expect(client.auth.whoAmI()).rejects.toThrow("no keychain");
    expect({ asked, sent }).toEqual({ asked: 1, sent: [] });
  });

  test("a URL that is none is refused at once", () => {
    expect(() => new BiplaneClient({ url: "control.test" })).toThrow(TypeError);
    expect(() => new BiplaneClient({ url: "ftp://control.test" })).toThrow("not ftp:");
  });
});

describe("a failure", () => {
  test("of the command is told by its code, and not repeated", async () => {
    const { client, sent } = clientOf([
      problem(409, "APP_EXISTS", { detail: "There is one." }, { "x-request-id": "A1" }),
    ]);
    const error = await create(client).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BiplaneError);
    expect(error).toMatchObject({
      code: "APP_EXISTS",
      status: 409,
      message: "APP_EXISTS: There is one.",
      requestId: "A1",
    });
    expect(sent).toHaveLength(1);
  });

  test("that may pass is repeated with the same key", async () => {
    const { client, keys } = clientOf([
      new TypeError("connection reset"),
      problem(503, "DOWN", {}, SOON),
      problem(500, "INTERNAL", { retryable: true }, SOON),
      json({ id: "app_1" }, 201),
    ]);
    expect(await create(client)).toMatchObject({ id: "app_1" });
    expect(keys()).toHaveLength(4);
    expect(new Set(keys()).size).toBe(1);
    expect(keys()[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("the caller's own key is the one that is sent; two calls have two", async () => {
    const { client, keys } = clientOf([json({}, 201)]);
    await client.apps.create({ org: "111122223333", body: { name: "shop" } }, { idempotencyKey: "mine" });
    await create(client);
    await create(client);
    expect(keys()[0]).toBe("mine");
    expect(new Set(keys()).size).toBe(3);
  });

  test("of what cannot be repeated safely is told at once", async () => {
    const { client, sent } = clientOf([new TypeError("connection reset")]);
    await expect(client.auth.approveDevice({ body: { userCode: "A" } } as never)).rejects.toThrow("connection reset");
    expect(sent).toHaveLength(1);
    const late = clientOf([problem(503, "DOWN", {}, SOON)]);
    await expect(late.client.orgs.leave({ org: "111122223333" })).rejects.toThrow("DOWN");
    expect(late.sent).toHaveLength(1);
  });

  test("because of too many calls means that nothing was done: whatever it was is sent again", async () => {
    const { client, sent } = clientOf([problem(429, "TOO_MANY_REQUESTS", {}, SOON), json({})]);
    await client.orgs.leave({ org: "111122223333" });
    expect(sent).toHaveLength(2);
  });

  test("in the middle of the answer is one like before it", async () => {
    const broken = () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode('{"id":'));
            controller.error(new TypeError("connection reset"));
          },
        }),
        { status: 201 },
      );
    const { client, keys } = clientOf([broken, json({ id: "app_1" }, 201)]);
    expect(await create(client)).toMatchObject({ id: "app_1" });
    expect(new Set(keys()).size).toBe(1);
    expect(keys()).toHaveLength(2);
  });

  test("is given up after so many attempts, or when it would be too long until the next", async () => {
    const often = clientOf([problem(503, "DOWN", {}, SOON)], { attempts: 3 });
    await expect(often.client.auth.whoAmI()).rejects.toThrow("DOWN");
    expect(often.sent).toHaveLength(3);
    const late = clientOf([problem(429, "TOO_MANY_REQUESTS", {}, { "retry-after": "3600" })]);
    await expect(late.client.auth.whoAmI()).rejects.toThrow("TOO_MANY_REQUESTS");
    expect(late.sent).toHaveLength(1);
  });

  test("to answer in time is one, and so is the caller's signal", async () => {
    const never = ({ init }: Sent) =>
      new Promise<Response>((_, reject) => init.signal!.addEventListener("abort", () => reject(init.signal!.reason)));
    const slow = clientOf([never], { timeoutMs: 20, attempts: 1 });
    await expect(slow.client.auth.whoAmI()).rejects.toThrow("has not answered in time");
    const stalling = ({ init }: Sent) =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode('{"id":'));
            init.signal!.addEventListener("abort", () => controller.error(init.signal!.reason));
          },
        }),
      );
    const stalled = clientOf([stalling], { timeoutMs: 20, attempts: 1 });
    await expect(stalled.client.auth.whoAmI()).rejects.toThrow("has not answered in time");
    const aborted = new AbortController();
    const waiting = clientOf([never]).client.auth.whoAmI({ signal: aborted.signal });
    aborted.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });

  test("of something on the way is not taken for an answer of the control plane", async () => {
    const page = () => new Response("<html>", { status: 404, headers: { "content-type": "text/html" } });
    await expect(clientOf([page]).client.auth.whoAmI()).rejects.toBeInstanceOf(UnexpectedAnswer);
    await expect(clientOf([() => new Response("<html>")]).client.auth.whoAmI()).rejects.toBeInstanceOf(
      UnexpectedAnswer,
    );
    await expect(
      clientOf([json({ error: "invalid_grant", error_description: "old" }, 400)]).client.auth.whoAmI(),
    ).rejects.toMatchObject({
      code: "invalid_grant",
    });
  });
});

test("pages are fetched as they are needed", async () => {
  const { client, sent } = clientOf([
    json({ items: [{ name: "a" }, { name: "b" }], next_cursor: "2" }),
    json({ items: [], next_cursor: "3" }),
    json({ items: [{ name: "c" }], next_cursor: null }),
  ]);
  const names: string[] = [];
  for await (const { name } of client.apps.listAll({ org: "111122223333" })) {
    names.push(name);
    if (names.length === 1) expect(sent).toHaveLength(1);
  }
  expect(names).toEqual(["a", "b", "c"]);
  expect(sent.map(({ url }) => new URL(url).search)).toEqual(["", "?cursor=2", "?cursor=3"]);
});

test("a stream that says nothing is given up", async () => {
  let cancelled = false;
  const silent = () =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('\n{"id":1}\n')),
        cancel() {
          cancelled = true;
        },
      }),
    );
  const { client } = clientOf([silent], { silenceMs: 20 });
  const ids: unknown[] = [];
  const following = async () => {
    for await (const { id } of client.events.follow()) ids.push(id);
  };
  await expect(following()).rejects.toThrow("Nothing has been heard");
  expect({ ids, cancelled }).toEqual({ ids: [1], cancelled: true });
});

test("lines come as they are sent, however they are cut, and end when the loop is left", async () => {
  let cancelled = false;
  const pieces = ['{"id":1', '}\n\n{"id":2}\n{"i', 'd":"ä', '"}\n'];
  const { client, sent } = clientOf([
    () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            const piece = pieces.shift();
            if (piece !== undefined) controller.enqueue(new TextEncoder().encode(piece));
          },
          cancel() {
            cancelled = true;
          },
        }),
      ),
  ]);
  const ids: unknown[] = [];
  for await (const { id } of client.events.follow({ after: 0 } as never)) {
    ids.push(id);
    if (ids.length === 3) break;
  }
  expect(ids).toEqual([1, 2, "ä"]);
  expect(cancelled).toBe(true);
  expect(sent[0]!.url).toContain("follow=true");
});
