import { afterAll, afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ControlPlaneId, DataPlaneId, EventId } from "#contracts";
import { openAuditLog } from "#foundation/audit";
import { type HttpServer, serveHttp } from "#foundation/http";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
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

const directory = mkdtempSync(join(tmpdir(), "biplane-operator-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A data plane whose storage has failed, or not; the answer to one question. */
async function ask(
  path: string,
  failure?: Error,
  token?: string,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const audit = await openAuditLog({
    path: join(directory, `${crypto.randomUUID()}.sqlite`),
    plane: "data",
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    hosting: "inline",
  });
  await audit.append({
    category: "mutation",
    actor: { type: "root", id: "arn:aws:iam::111122223333:root" },
    action: "iam:CreateUser",
    decision: "allowed",
    reason: "The root user may do everything in its account.",
    requestId: "R1",
  });
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
    audit,
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
  await audit.close();
  return { status: answer.status, body };
}

test("a data plane whose storage works is healthy and ready", async () => {
  expect(await ask("/_biplane/healthz")).toEqual({ status: 200, body: { status: "ok" } });
  const ready = { state: "ready", controlPlane: { connected: true, appliedThrough: 7 }, audit: { ok: true } };
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

test("the audit log is shown, page by page, and proven, to whoever has the token", async () => {
  const path = "/_biplane/audit?action=iam:*&limit=5";
  const items = [{ action: "iam:CreateUser", decision: "allowed", plane: "data", requestId: "R1" }];
  expect(await ask(path, undefined, "t")).toMatchObject({ status: 200, body: { items } });
  expect((await ask(path)).status).toBe(403);
  expect((await ask("/_biplane/audit?who=me", undefined, "t")).status).toBe(400);
  expect(await ask("/_biplane/audit/verify", undefined, "t")).toMatchObject({ status: 200, body: { sound: true } });
  const unmet = `/_biplane/audit/verify?checkpoint=1:${"0".repeat(64)}`;
  expect(await ask(unmet, undefined, "t")).toMatchObject({ status: 200, body: { sound: false } });
  expect((await ask("/_biplane/audit/verify?checkpoint=x", undefined, "t")).status).toBe(400);
  expect(await ask("/_biplane/audit/head", undefined, "t")).toMatchObject({ status: 200, body: { sequence: 2 } });
});
