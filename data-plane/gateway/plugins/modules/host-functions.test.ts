/** What modules can do through the functions of the gateway: each function, in the places where it does something and where it does not. */
import { describe, expect, test } from "bun:test";
import {
  HOST_FUNCTIONS,
  type HostFunctionName,
  MODULE_CAPABILITIES,
  type ModuleCapability,
} from "#foundation/gateway-artifact";
import type { Answer } from "../../message/answer.ts";
import { HeaderFields } from "../../message/header-fields.ts";
import { type TestRequest, testExchange, testHost, textOf } from "../../testing/index.ts";
import { data, guest, middleware } from "./testing/modules.ts";
import { VALUE_LIMITS, ValueStore } from "./value-store.ts";

const ALL = Object.keys(MODULE_CAPABILITIES) as readonly ModuleCapability[];

interface Step {
  readonly call: HostFunctionName;
  /** Numbers, texts (their place and length), and room for an answer (`room:…` octets). */
  readonly with: readonly (number | string)[];
}

/** Octets for what a step gives: a number, and what was written behind it. */
const STEP = 512;
const FIRST = 16_384;

/** Makes a module whose `on_request` (or `on_response`) takes these steps and keeps what they gave as the value `out`. */
function stepping(steps: readonly Step[], where: "on_request" | "on_response"): Uint8Array {
  const datas: string[] = [];
  let at = 1024;
  const calls = steps.map(({ call, with: given }, index) => {
    const out = FIRST + index * STEP;
    const params = given.flatMap((one) => {
      if (typeof one === "number") return [`(i32.const ${one})`];
      if (one.startsWith("room:")) return [`(i32.const ${out + 4})`, `(i32.const ${one.slice(5)})`];
      const place = at;
      datas.push(data(place, one));
      at += Buffer.byteLength(one) + 8;
      return [`(i32.const ${place})`, `(i32.const ${Buffer.byteLength(one)})`];
    });
    const made = `(call $${call} ${params.join(" ")})`;
    const [result] = HOST_FUNCTIONS[call].type.results as readonly string[];
    if (result === undefined) return made;
    return `(i32.store (i32.const ${out}) ${result === "f64" ? `(i32.trunc_sat_f64_s ${made})` : made})`;
  });
  const names = [...new Set<HostFunctionName>([...steps.map(({ call }) => call), "kv_set"])];
  return guest(
    names,
    `${datas.join("\n")} ${data(0, "out")} (func (export "${where}") (result i32)
      ${calls.join("\n")}
      (drop (call $kv_set (i32.const 0) (i32.const 3) (i32.const ${FIRST}) (i32.const ${steps.length * STEP}) (i32.const 9)))
      i32.const 0)`,
  );
}

interface Ran {
  /** What each step gave: its number, or the text that it wrote. */
  readonly gave: readonly (number | string)[];
  readonly exchange: ReturnType<typeof testExchange>;
  readonly answer: Answer | undefined;
}

async function run(
  steps: readonly Step[],
  given: {
    readonly request?: TestRequest;
    readonly answer?: Answer;
    readonly host?: ReturnType<typeof testHost>;
  } = {},
): Promise<Ran> {
  const { request, answer, host = testHost() } = given;
  const where = answer === undefined ? "on_request" : "on_response";
  const { plugin } = await middleware(stepping(steps, where), { capabilities: ALL }, { color: "blue" }, host);
  const exchange = testExchange(request);
  if (answer === undefined) await plugin.onRequest!(exchange);
  else await plugin.onResponse!(exchange, answer);
  const out = Buffer.from(host.keep("module-values", "test", () => new ValueStore(host.clock)).get("out")!);
  const gave = steps.map(({ with: params }, index) => {
    const number = out.readInt32LE(index * STEP);
    const capacity = params.find((one) => typeof one === "string" && one.startsWith("room:"));
    if (capacity === undefined || number < 0) return number;
    const at = index * STEP + 4;
    return out.toString("latin1", at, at + Math.min(number, Number(String(capacity).slice(5))));
  });
  return { gave, exchange, answer };
}

const step = (call: HostFunctionName, ...given: Step["with"]): Step => ({ call, with: given });
const ROOM = "room:256";

function answer(headers: readonly string[] = [], body: Answer["body"] = Buffer.from("hello")): Answer {
  return { status: 200, headers: HeaderFields.of([...headers]), body };
}

describe("requests", () => {
  const request: TestRequest = {
    method: "POST",
    target: "/pets/7?page=2&page=3",
    headers: { Accept: "text/html", "X-Name": "caf\u00e9" },
    body: "0123456789",
    pathParameters: { id: "7 \u00e9" },
  };

  test("their parts can be seen", async () => {
    const { gave } = await run(
      [0, 1, 2, 3, 4, 5, 6, 8, 9].map((part) => step("request_get", part, ROOM)),
      { request },
    );
    expect(gave).toEqual([
      ..."POST /pets/7 page=2&page=3 gateway.test 203.0.113.7 test-request /pets/7 http".split(" "),
      "0af7651916cd43dd8448eb211c80319c",
    ]);
  });

  test("their fields, parameters and bodies can be seen", async () => {
    const { gave } = await run(
      [
        step("request_header", "ACCEPT", 0, ROOM),
        step("request_header", "accept", 1, ROOM),
        step("request_header", "x-name", 0, ROOM),
        step("request_headers", ROOM),
        step("path_parameter", "id", ROOM),
        step("path_parameter", "constructor", ROOM),
        step("request_body_size"),
        step("request_body_read", 8, ROOM),
        step("request_body_read", 8000, ROOM),
        step("request_get", 99, ROOM),
      ],
      { request },
    );
    expect(gave).toEqual([
      "text/html",
      -1,
      "caf\u00e9",
      "accept: text/html\nx-name: caf\u00e9\n",
      // Texts that are no fields are UTF-8.
      "7 \u00c3\u00a9",
      -1,
      10,
      "89",
      "",
      -1,
    ]);
  });

  test("what there is no room for is not written, and its length is told", async () => {
    const { gave } = await run([step("request_header", "accept", 0, "room:4"), step("request_get", 1, "room:0")], {
      request,
    });
    expect(gave).toEqual(["\0\0\0\0", ""]);
  });

  test("can be changed", async () => {
    const { gave, exchange } = await run(
      [
        step("request_set", 0, "PUT"),
        step("request_set", 1, "/cats/7"),
        step("request_set", 2, "a=%20&b"),
        step("request_header_set", "accept", "image/png"),
        step("request_header_add", "X-More", "1"),
        step("request_header_add", "X-More", "2"),
        step("request_header_delete", "X-NAME"),
        step("request_body_set", "other"),
        step("request_body_size"),
      ],
      { request },
    );
    expect(gave).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 5]);
    expect([exchange.request.method, exchange.request.path, exchange.request.query]).toEqual([
      "PUT",
      "/cats/7",
      "a=%20&b",
    ]);
    expect(exchange.request.headers.toRaw()).toEqual(["accept", "image/png", "X-More", "1", "X-More", "2"]);
    expect(Buffer.from(exchange.request.body.bytes!).toString()).toBe("other");
  });

  test.each([
    ["a method with blanks", step("request_set", 0, "GET /")],
    ["a path without a slash", step("request_set", 1, "pets")],
    ["a path with a query", step("request_set", 1, "/pets?x")],
    ["a path with dots", step("request_set", 1, "/pets/%2E./x")],
    ["a path with a broken escape", step("request_set", 1, "/pets/%g0")],
    ["a path with a line feed", step("request_set", 1, "/pets\n")],
    ["a query with a blank", step("request_set", 2, "a b")],
    ["a query with a fragment", step("request_set", 2, "a#b")],
    ["the host", step("request_set", 3, "elsewhere.test")],
    ["a field with a line feed", step("request_header_set", "x", "a\r\nEvil: 1")],
    ["a field without a name", step("request_header_add", "", "a")],
    ["how long the body is", step("request_header_set", "Content-Length", "1")],
    ["how the body is framed", step("request_header_add", "transfer-encoding", "chunked")],
    ["the field Host", step("request_header_set", "host", "elsewhere.test")],
  ])("cannot be given %s", async (_, one) => {
    const { gave, exchange } = await run([one], { request });
    expect(gave).toEqual([-3]);
    expect(exchange.request).toMatchObject({ method: "POST", path: "/pets/7", query: "page=2&page=3" });
    expect(exchange.request.headers.toRaw()).toHaveLength(4);
  });

  test("on the way back are what they were, and nothing can be changed in them", async () => {
    const { gave } = await run(
      [
        step("request_get", 0, ROOM),
        step("request_header", "accept", 0, ROOM),
        step("request_set", 0, "PUT"),
        step("request_header_set", "a", "b"),
        step("request_header_delete", "accept"),
        step("request_body_set", "x"),
        step("identity_set", '{"consumer":"eve"}'),
        step("answer_status", 204),
        step("answer_header", "a", "b"),
        step("answer_body", "x"),
      ],
      { request, answer: answer() },
    );
    expect(gave).toEqual(["POST", "text/html", ...Array(8).fill(-2)]);
  });

  test("have at most so many fields put into them", async () => {
    const { gave, exchange } = await run(
      Array.from({ length: 60 }, () => step("request_header_add", "x", "1")),
      { request },
    );
    expect(gave.every((one) => one === 0)).toBe(true);
    expect(exchange.request.headers.all("x")).toHaveLength(60);
    const looping = guest(
      ["request_header_add"],
      `${data(0, "x")} (func (export "on_request") (result i32)
        (loop (br_if 0 (i32.eqz (call $request_header_add (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1)))))
        i32.const 0)`,
    );
    const { plugin } = await middleware(looping, { capabilities: ALL });
    const many = testExchange();
    await plugin.onRequest!(many);
    expect(many.request.headers.all("x")).toHaveLength(256);
  });
});

describe("responses", () => {
  test("can be seen and changed", async () => {
    const response = answer(["Content-Type", "text/plain", "Set-Cookie", "a=1", "Set-Cookie", "b=2"]);
    const { gave } = await run(
      [
        step("response_status"),
        step("response_header", "set-cookie", 1, ROOM),
        step("response_headers", ROOM),
        step("response_body_size"),
        step("response_body_read", 1, "room:3"),
        step("response_status_set", 201),
        step("response_header_set", "content-type", "text/html"),
        step("response_header_add", "x-a", "1"),
        step("response_header_delete", "set-cookie"),
        step("response_body_set", "bye"),
      ],
      { answer: response },
    );
    expect(gave).toEqual([
      200,
      "b=2",
      "content-type: text/plain\nset-cookie: a=1\nset-cookie: b=2\n",
      5,
      "ell",
      ...Array(5).fill(0),
    ]);
    expect(response.status).toBe(201);
    expect(response.headers.toRaw()).toEqual(["content-type", "text/html", "x-a", "1"]);
    expect(textOf(response)).toBe("bye");
  });

  test("are not there on the way in", async () => {
    const { gave } = await run([
      step("response_status"),
      step("response_header", "a", 0, ROOM),
      step("response_headers", ROOM),
      step("response_body_size"),
      step("response_body_read", 0, ROOM),
      step("response_status_set", 200),
      step("response_header_set", "a", "b"),
      step("response_body_set", "x"),
    ]);
    expect(gave).toEqual(Array(8).fill(-2));
  });

  test("that are something else than they say cannot be made", async () => {
    const response = answer();
    const { gave } = await run(
      [
        step("response_status_set", 101),
        step("response_status_set", 700),
        step("response_status_set", -1),
        step("response_header_set", "content-length", "5"),
        step("response_header_add", "a", "b\0"),
      ],
      { answer: response },
    );
    expect(gave).toEqual(Array(5).fill(-3));
    expect(response.headers.toRaw()).toEqual([]);
  });

  test("that change the protocol stay as they are", async () => {
    const upgraded: Answer = {
      ...answer([], null),
      status: 101,
      upgraded: { protocol: "websocket", version: "1.1", duplex: {} as never },
    };
    const { gave } = await run([step("response_status_set", 200), step("response_body_set", "x")], {
      answer: upgraded,
    });
    expect(gave).toEqual([-2, -2]);
  });
});

describe("answers of its own", () => {
  const answering = (code: string) =>
    guest(
      ["answer_status", "answer_header", "answer_body"],
      `${data(0, "X-Why\0because")} (func (export "on_request") (result i32) ${code} i32.const 1)`,
    );

  test("have status, fields and a body", async () => {
    const bytes = answering(`(drop (call $answer_status (i32.const 403)))
      (drop (call $answer_header (i32.const 0) (i32.const 5) (i32.const 6) (i32.const 7)))
      (drop (call $answer_body (i32.const 6) (i32.const 2)))`);
    const { plugin } = await middleware(bytes, { capabilities: ["answer"] });
    const given = (await plugin.onRequest!(testExchange()))!;
    expect([given.status, given.headers.toRaw(), textOf(given)]).toEqual([403, ["X-Why", "because"], "be"]);
  });

  test("with a status that has none have no body", async () => {
    const bytes = answering(
      `(drop (call $answer_body (i32.const 6) (i32.const 2))) (drop (call $answer_status (i32.const 204)))`,
    );
    const { plugin } = await middleware(bytes, { capabilities: ["answer"] });
    expect(await plugin.onRequest!(testExchange())).toMatchObject({ status: 204, body: null });
  });

  test("are for those who have declared it", async () => {
    const { plugin } = await middleware(guest([], `(func (export "on_request") (result i32) i32.const 1)`));
    expect(() => plugin.onRequest!(testExchange())).toThrow(/on_request gives 1/);
  });
});

describe("what is shared", () => {
  test("configuration, context, and who it is", async () => {
    const { gave, exchange } = await run(
      [
        step("config", ROOM),
        step("context_get", "tier", ROOM),
        step("context_get", "nobody", ROOM),
        step("context_set", "tier", "silver"),
        step("identity_get", ROOM),
        step("identity_set", '{"consumer":"ann","groups":["a"],"claims":{"x":1}}'),
        step("identity_set", '{"consumer":""}'),
        step("identity_set", '{"consumer":"a","groups":"b"}'),
        step("identity_set", "[]"),
        step("identity_set", "{"),
      ],
      { request: { context: { tier: "gold" } } },
    );
    expect(gave).toEqual(['{"color":"blue"}', "gold", -1, 0, -1, 0, -3, -3, -3, -3]);
    expect(exchange.context.get("tier")).toBe("silver");
    expect(exchange.identity).toEqual({ consumer: "ann", by: "test", groups: ["a"], scopes: [], claims: { x: 1 } });
  });

  test("a note goes from a request to its response, and to no other", async () => {
    const bytes = guest(
      ["note_get", "note_set", "request_get", "response_header_set"],
      `${data(0, "x-note")} (func (export "on_request") (result i32)
        (drop (call $note_set (i32.const 64) (call $request_get (i32.const 1) (i32.const 64) (i32.const 64)))) i32.const 0)
       (func (export "on_response") (result i32)
        (drop (call $response_header_set (i32.const 0) (i32.const 6) (i32.const 64) (call $note_get (i32.const 64) (i32.const 64)))) i32.const 0)`,
    );
    const { plugin } = await middleware(bytes, { capabilities: ["read-request", "change-response"] });
    const [first, second] = [testExchange({ target: "/first" }), testExchange({ target: "/second" })];
    await plugin.onRequest!(first);
    await plugin.onRequest!(second);
    for (const exchange of [first, second]) {
      const response = answer();
      await plugin.onResponse!(exchange, response);
      expect(response.headers.get("x-note")).toBe(exchange.request.path);
    }
  });

  test("time and chance", async () => {
    const host = testHost();
    await host.time.advance(1234);
    const { gave } = await run(
      [step("clock_ms"), step("monotonic_ms"), step("random", 64, 8), step("random", 64, 70_000)],
      { host },
    );
    expect(gave).toEqual([host.clock.now(), Math.floor(host.clock.monotonicMs()), 0, -4]);
  });

  test("windows of time count over all instances", async () => {
    const host = testHost();
    const take = step("rate_limit", "ann", 2, 60);
    const others = [
      step("rate_limit", "bob", 2, 60),
      step("rate_limit", "ann", 0, 60),
      step("rate_limit", "ann", 1, 0),
    ];
    expect((await run([take, take, take, ...others], { host })).gave).toEqual([0, 0, 60, 0, -3, -3]);
    expect((await run([take], { host })).gave).toEqual([60]);
  });

  test("quotas are bounded in number", async () => {
    const { gave } = await run(Array.from({ length: 18 }, (_, index) => step("rate_limit", "a", index + 1, 60)));
    expect(gave).toEqual([...Array(16).fill(0), -4, -4]);
  });

  test("values are kept for their time", async () => {
    const host = testHost();
    const get = step("kv_get", "k", ROOM);
    const first = [
      get,
      step("kv_set", "k", "v", 5),
      get,
      step("kv_set", "k", "v", 0),
      step("kv_set", "x".repeat(257), "v", 5),
    ];
    expect((await run(first, { host })).gave).toEqual([-1, 0, "v", -3, -4]);
    expect((await run([get], { host })).gave).toEqual(["v"]);
    await host.time.advance(5000);
    expect((await run([get, step("kv_set", "k", "w", 5), step("kv_delete", "k"), get], { host })).gave).toEqual([
      -1, 0, 0, -1,
    ]);
  });

  test("the store of values is bounded: the oldest go first", () => {
    const store = new ValueStore(testHost().clock);
    const value = new Uint8Array(VALUE_LIMITS.valueBytes);
    for (let index = 0; index < 300; index++) store.set(`key-${index}`, value, 1000);
    expect(store.size).toBeLessThan(256);
    expect(store.get("key-0")).toBeUndefined();
    expect(store.get("key-299")).toBe(value);
    for (let index = 0; index < 10_100; index++) store.set(`small-${index}`, new Uint8Array(1), 1000);
    expect(store.size).toBeLessThanOrEqual(VALUE_LIMITS.entries);
  });

  test("lines for the log are whole, marked with the request, and bounded", async () => {
    const lines: unknown[] = [];
    const log = { ...testHost().log, warn: (message: string, fields: object) => lines.push([message, fields]) };
    const host = { ...testHost(), log: log as never };
    await run(
      Array.from({ length: 40 }, () => step("log", 2, "two\nlines")),
      { host },
    );
    expect(lines).toHaveLength(32);
    expect(lines[0]).toEqual(["two\nlines", { requestId: "test-request" }]);
  });
});

test("every function is used in these tests, and every capability has one", async () => {
  const text = await Bun.file(import.meta.path).text();
  const http = await Bun.file(`${import.meta.dir}/http.test.ts`).text();
  const unused = Object.keys(HOST_FUNCTIONS).filter((name) => !`${text}${http}`.includes(`"${name}"`));
  expect(unused).toEqual([]);
  const given = new Set(Object.values(HOST_FUNCTIONS).map(({ capability }) => capability));
  expect(ALL.filter((one) => !given.has(one))).toEqual([]);
});
