import { describe, expect, test } from "bun:test";
import { redactTarget } from "./access-log.ts";
import {
  accessLogger,
  childTrace,
  createHealth,
  createLogger,
  createMetrics,
  formatTraceparent,
  HEALTHY,
  healthAnswer,
  memorySink,
  metricsAnswer,
  observeProcess,
  parseTraceparent,
  unhealthy,
} from "./index.ts";
import { isSecretName } from "./redaction.ts";

const now = (): number => Date.UTC(2026, 0, 2, 3, 4, 5, 6);

describe("logger", () => {
  test("one JSON object a line, with bound and own fields", () => {
    const sink = memorySink();
    const log = createLogger({ sink, now, fields: { process: "control" } }).child({ requestId: "A1" });
    log.info('said "hi"\n', { bucket: "b", count: 2n, at: new Date(0), bytes: new Uint8Array(3), nothing: null });
    expect(sink.lines).toEqual([
      '{"time":"2026-01-02T03:04:05.006Z","level":"info","msg":"said \\"hi\\"\\n","process":"control","requestId":"A1","bucket":"b","count":"2","at":"1970-01-01T00:00:00.000Z","bytes":"[3 bytes]","nothing":null}',
    ]);
  });

  test("levels below the least one cost nothing and write nothing", () => {
    const sink = memorySink();
    const log = createLogger({ sink, level: "warn" });
    log.info("no");
    log.warn("yes");
    log.error("yes");
    expect(sink.lines.length).toBe(2);
    expect([log.enabled("info"), log.enabled("warn")]).toEqual([false, true]);
  });

  test("secrets are redacted at every depth, in bound fields and in causes", () => {
    const sink = memorySink();
    const log = createLogger({ sink }).child({ sessionToken: "s3cret-1" });
    log.error("failed", {
      headers: { Authorization: "s3cret-2", "x-amz-security-token": "s3cret-3", host: "h" },
      keys: [{ SecretAccessKey: "s3cret-4", AccessKeyId: "AKIA" }],
      db_password: "s3cret-5",
      error: Object.assign(new Error("outer", { cause: { apiKey: "s3cret-6" } }), { code: "E1" }),
    });
    expect(sink.lines[0]).not.toContain("s3cret");
    expect(JSON.parse(sink.lines[0]!)).toMatchObject({
      headers: { host: "h", Authorization: "[redacted]" },
      keys: [{ AccessKeyId: "AKIA" }],
      error: { name: "Error", message: "outer", code: "E1" },
    });
  });

  test("names that only resemble secrets stay readable", () => {
    expect(["passwordPolicy", "tokenCount", "bucket", "key", "signatureVersion"].filter(isSecretName)).toEqual([]);
    expect(["X-Amz-Signature", "client_secret", "refresh-token", "PRIVATE_KEY"].every(isSecretName)).toBe(true);
  });

  test("nothing that is logged can throw", () => {
    const sink = memorySink();
    const log = createLogger({ sink });
    const cycle: Record<string, unknown> = { a: 1 };
    cycle.self = cycle;
    log.info("cycle", cycle);
    log.info("thrower", {
      get boom(): string {
        throw new Error("no");
      },
    });
    log.info("odd", { f: () => 1, s: Symbol("x"), n: Number.NaN, u: undefined, d: new Date(Number.NaN) });
    expect(sink.lines.length).toBe(3);
    for (const line of sink.lines) JSON.parse(line);
  });
});

describe("access log", () => {
  test("one line, without the signature of a presigned URL", () => {
    const sink = memorySink();
    accessLogger(
      sink,
      "aws",
      now,
    )({
      requestId: "A1",
      remoteAddress: "127.0.0.1",
      method: "GET",
      target: "/b/k?X-Amz-Signature=abc&X-Amz-Credential=AKIA%2F2026&x=1",
      host: "h",
      status: 200,
      bytesIn: 0,
      bytesOut: 12,
      durationMs: 1.23456,
      userAgent: 'a"b',
      complete: false,
    });
    expect(JSON.parse(sink.lines[0]!)).toEqual({
      time: "2026-01-02T03:04:05.006Z",
      level: "info",
      msg: "access",
      server: "aws",
      requestId: "A1",
      remote: "127.0.0.1",
      method: "GET",
      target: "/b/k?X-Amz-Signature=[redacted]&X-Amz-Credential=AKIA%2F2026&x=1",
      host: "h",
      status: 200,
      bytesIn: 0,
      bytesOut: 12,
      ms: 1.235,
      userAgent: 'a"b',
      complete: false,
    });
    expect(redactTarget("/?X-Amz-Security-Token=a&%73ig=b&%zz=c")).toBe(
      "/?X-Amz-Security-Token=[redacted]&%73ig=[redacted]&%zz=c",
    );
  });
});

describe("metrics", () => {
  test("exposition", () => {
    const metrics = createMetrics();
    const hits = metrics.counter({ name: "hits_total", help: "Hits.", labels: ["path"] });
    hits.labels('a"b\\c\nd').inc();
    hits.labels("x").inc(2.5);
    hits.labels("x").inc(-1);
    hits.labels("x").inc(Number.NaN);
    metrics.gauge({ name: "depth", help: "Depth." }).labels().set(-3);
    const sizes = metrics.histogram({ name: "size", help: "Sizes.", buckets: [1, 10], labels: ["op"] }).labels("put");
    for (const value of [1, 1.5, 10, 11]) sizes.observe(value);
    expect(metrics.expose()).toBe(
      [
        "# HELP hits_total Hits.",
        "# TYPE hits_total counter",
        'hits_total{path="a\\"b\\\\c\\nd"} 1',
        'hits_total{path="x"} 2.5',
        "# HELP depth Depth.",
        "# TYPE depth gauge",
        "depth -3",
        "# HELP size Sizes.",
        "# TYPE size histogram",
        'size_bucket{op="put",le="1"} 1',
        'size_bucket{op="put",le="10"} 3',
        'size_bucket{op="put",le="+Inf"} 4',
        'size_sum{op="put"} 23.5',
        'size_count{op="put"} 4',
        "",
      ].join("\n"),
    );
  });

  test("label sets are capped; the rest shares one series", () => {
    const metrics = createMetrics();
    const family = metrics.counter({ name: "n_total", help: "N.", labels: ["id"], maxSeries: 3 });
    for (let i = 0; i < 1000; i++) family.labels(`id-${i}`).inc();
    const lines = metrics
      .expose()
      .split("\n")
      .filter((line) => line.startsWith("n_total"));
    expect(lines).toEqual([
      'n_total{id="id-0"} 1',
      'n_total{id="id-1"} 1',
      'n_total{id="id-2"} 1',
      'n_total{id="other"} 997',
    ]);
  });

  test("the same declaration gives the same family; another shape is refused", () => {
    const metrics = createMetrics();
    const first = metrics.counter({ name: "n_total", help: "N.", labels: ["a"] });
    first.labels("x").inc();
    expect(metrics.counter({ name: "n_total", help: "N.", labels: ["a"] }).labels("x").value).toBe(1);
    expect(() => metrics.gauge({ name: "n_total", help: "N.", labels: ["a"] })).toThrow("declared again");
    expect(() => metrics.counter({ name: "n-total", help: "" })).toThrow("malformed");
    expect(() => metrics.counter({ name: "m", help: "", labels: ["__x"] })).toThrow("not allowed");
    expect(() => metrics.histogram({ name: "h", help: "", buckets: [2, 1] })).toThrow("ascend");
    expect(() => first.labels("x", "y")).toThrow("takes 1 labels");
  });

  test("process metrics are read when they are asked for", () => {
    const metrics = createMetrics();
    const stop = observeProcess(metrics);
    const text = metricsAnswer(metrics).body;
    stop();
    expect(Number(/process_resident_memory_bytes (\d+)/.exec(text)?.[1])).toBeGreaterThan(1e6);
    expect(Number(/process_cpu_seconds_total ([\d.]+)/.exec(text)?.[1])).toBeGreaterThan(0);
  });
});

describe("health", () => {
  test("names each check and its reason", async () => {
    const health = createHealth(20);
    health.add("readiness", "log", () => HEALTHY);
    const remove = health.add("readiness", "disk", () => unhealthy("98 % full"));
    health.add("readiness", "thrower", () => {
      throw new Error("broke");
    });
    health.add("readiness", "sleeper", () => new Promise(() => {}));
    const answer = await healthAnswer(health, "readiness");
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body)).toEqual({
      status: "failing",
      checks: {
        log: { ok: true },
        disk: { ok: false, reason: "98 % full" },
        thrower: { ok: false, reason: "broke" },
        sleeper: { ok: false, reason: "no answer within 20 ms" },
      },
    });
    remove();
    expect(Object.keys((await health.report("readiness")).checks)).not.toContain("disk");
    expect((await healthAnswer(health, "liveness")).status).toBe(200);
  });
});

describe("trace context", () => {
  const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

  test("parses and formats", () => {
    const context = parseTraceparent(parent)!;
    expect(context).toEqual({
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
      spanId: "00f067aa0ba902b7",
      sampled: true,
    });
    expect(formatTraceparent(context)).toBe(parent);
    expect(parseTraceparent(`${parent.replace(/^00/, "01")}-more`)).toEqual(context);
  });

  test.each([
    undefined,
    "",
    "garbage",
    parent.toUpperCase(),
    `${parent}-more`,
    parent.replace(/^00/, "ff"),
    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
  ])("refuses %p", (header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });

  test("a child keeps the trace and the decision, and has its own span", () => {
    const hex = (octets: number): string => "ab".repeat(octets);
    const context = parseTraceparent(parent)!;
    expect(childTrace(context, hex)).toEqual({
      ...context,
      spanId: "ab".repeat(8),
      parentSpanId: context.spanId,
    });
    expect(childTrace(undefined, hex, true)).toEqual({
      traceId: "ab".repeat(16),
      spanId: "ab".repeat(8),
      sampled: true,
    });
  });
});
