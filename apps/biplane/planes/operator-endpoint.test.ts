import { afterEach, expect, test } from "bun:test";
import type { ControlPlaneId, DataPlaneId, EventId } from "#contracts";
import { type HttpServer, serveHttp } from "#foundation/http";
import { createMetrics } from "#foundation/telemetry";
import { operatorAnswers } from "./operator-endpoint.ts";

let server: HttpServer | undefined;
afterEach(() => server?.close(0));

const seen = (limit: number) => ({
  messageId: "m",
  state: "visible" as const,
  body: `one of ${limit}`,
  sentAt: 1,
  receiveCount: 0,
});

/** A data plane whose storage has failed, or not; the answer to one question. */
async function ask(
  path: string,
  failure?: Error,
  token?: string,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const endpoint = {
    link: {
      state: {
        dataPlaneId: "dp-1" as DataPlaneId,
        phase: "streaming",
        connected: true,
        controlPlaneId: "cp-1" as ControlPlaneId,
        appliedThrough: 7 as EventId,
        records: 3,
        lastFailure: undefined,
      },
      catalog: { bucket: () => undefined },
    },
    engines: { failure, objects: { head: async () => undefined, locate: async () => [] } },
    queues: { peek: async (arn: string, limit: number) => (arn === "arn:q" ? [seen(limit)] : undefined) },
    objectsDirectory: "/data/objects",
    metrics: createMetrics(),
    token: "t",
    names: { baseDomains: [] },
    state: () => "ready",
  } as const;
  server = await serveHttp({
    port: 0,
    handler: (request) => operatorAnswers(request, endpoint) ?? { status: 404, body: "{}" },
  });
  const answer = await fetch(`${server.url}${path}`, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
  const body: unknown = await answer.json();
  await server.close(0);
  return { status: answer.status, body };
}

test("a data plane whose storage works is healthy and ready", async () => {
  expect(await ask("/_biplane/healthz")).toEqual({ status: 200, body: { status: "ok" } });
  const ready = { state: "ready", controlPlane: { connected: true, appliedThrough: 7 } };
  expect(await ask("/_biplane/readyz")).toMatchObject({ status: 200, body: ready });
});

test("one whose storage has failed is neither, and says why", async () => {
  const failure = new Error("the storage failed; check the disk and start again");
  const reason = failure.message;
  expect(await ask("/_biplane/healthz", failure)).toEqual({ status: 503, body: { status: "failed", reason } });
  expect(await ask("/_biplane/readyz", failure)).toMatchObject({ status: 503, body: { state: "failed" } });
});

test("messages are shown to whoever has the token", async () => {
  const path = "/_biplane/peek?queue=arn%3Aq&limit=3";
  expect(await ask(path, undefined, "t")).toEqual({ status: 200, body: { messages: [seen(3)] } });
  expect((await ask(path)).status).toBe(403);
  expect((await ask(path, undefined, "wrong")).status).toBe(403);
  expect((await ask("/_biplane/peek?queue=other", undefined, "t")).status).toBe(404);
  expect((await ask("/_biplane/peek?queue=arn%3Aq&limit=x", undefined, "t")).status).toBe(400);
});
