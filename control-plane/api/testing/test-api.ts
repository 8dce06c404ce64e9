/** A real control plane with its API, in a directory of its own. For tests. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Region } from "#contracts";
import { type ControlPlane, openControlPlane } from "#control-plane/core";
import type { NodeSecrets } from "#control-plane/plans";
import { type AuditLog, openAuditLog } from "#foundation/audit";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { createHealth, createMetrics, type HealthRegistry, silentLogger } from "#foundation/telemetry";
import { type AccessTokens, createAccessTokens } from "../authentication/access-token.ts";
import { type ApiOptions, type ApiServer, serveApi } from "../serve-api.ts";
import { openTokens, type PlainTokens } from "../tokens.ts";

export interface TestApi {
  readonly directory: string;
  readonly core: ControlPlane;
  readonly api: ApiServer;
  readonly tokens: PlainTokens;
  readonly audit: AuditLog;
  readonly health: HealthRegistry;
  /** Of the same key as the API's. */
  readonly accessTokens: AccessTokens;
  /** A request with the API token. */
  call(path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

const refused = { ok: false, code: "no_secrets", message: "there are none here" } as const;
const NO_SECRETS: NodeSecrets = { open: async () => refused, snapshotKey: async () => refused };

/** @param options in place of what the test API gives otherwise */
export async function startTestApi(options: Partial<ApiOptions> = {}): Promise<TestApi> {
  const directory = mkdtempSync(join(tmpdir(), "biplane-api-"));
  const core = await openControlPlane({
    dataDirectory: join(directory, "control"),
    clock: options.clock ?? systemClock,
    random: systemRandom,
    logger: silentLogger,
    checkPolicy: (document) => JSON.parse(document),
  });
  await core.ensureRoot();
  const tokens = openTokens({ path: join(directory, "tokens.json"), random: systemRandom, known: undefined });
  const health = createHealth();
  const audit = await openAuditLog({
    path: join(directory, "audit.sqlite"),
    plane: "control",
    clock: options.clock ?? systemClock,
    timers: systemTimers,
    random: systemRandom,
    hosting: "inline",
  });
  const api = await serveApi({
    core,
    tokens,
    audit,
    port: 0,
    names: ["cloud.example"],
    version: "0.1.0",
    clock: systemClock,
    timers: systemTimers,
    logger: silentLogger,
    metrics: createMetrics(),
    health,
    secrets: NO_SECRETS,
    region: "us-east-1" as Region,
    ...options,
  });
  return {
    directory,
    core,
    api,
    tokens: tokens.plain,
    audit,
    health,
    accessTokens: createAccessTokens(core.platformKey, systemRandom),
    call(path, init = {}) {
      const headers = new Headers(init.headers);
      if (!headers.has("authorization")) headers.set("authorization", `Bearer ${tokens.plain.apiToken}`);
      return fetch(`${api.url}${path}`, { ...init, headers });
    },
    async close() {
      await api.close(0);
      await core.close();
      await audit.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
