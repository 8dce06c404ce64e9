/** The service behind the real front door on a real socket, for tests that speak HTTP or use an official client. */

import { S3Client } from "@aws-sdk/client-s3";
import type { Region } from "#contracts";
import { createFrontDoor, createOperationMetrics } from "#data-plane/front-door";
import { createMemoryAudit, type MemoryAudit } from "#foundation/audit/testing";
import { serveHttp } from "#foundation/http";
import { systemClock } from "#foundation/runtime";
import { createMetrics, silentLogger } from "#foundation/telemetry";
import { createObjectsBrowserAccess } from "../browser/browser-access.ts";
import { ACCOUNT, openWorld, type World } from "./world.ts";

const KEY = { accessKeyId: "AKIATESTTESTTEST1234", secretAccessKey: "secret" } as const;

export interface WireWorld extends World {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly port: number;
  /** An official client with the root key of {@link ACCOUNT}, path style. */
  readonly s3: S3Client;
  readonly audit: MemoryAudit;
}

export async function openWireWorld(
  options: Parameters<typeof openWorld>[0] & { readonly auditDataEvents?: boolean } = {},
): Promise<WireWorld> {
  const world = await openWorld(options);
  world.planes.addKey(KEY.accessKeyId, ACCOUNT, KEY.secretAccessKey);
  const region = "us-east-1" as Region;
  const audit = createMemoryAudit();
  const handler = await createFrontDoor({
    audit,
    auditDataEvents: options.auditDataEvents ?? false,
    services: [world.service],
    catalog: world.planes,
    defaultRegion: region,
    regions: new Set([region, "eu-west-1"]),
    names: { baseDomains: ["s3.localhost", "localhost"] },
    hostId: "HOST",
    // Clients sign with the real time.
    clock: systemClock,
    logger: silentLogger,
    metrics: createOperationMetrics(createMetrics()),
    browser: createObjectsBrowserAccess(world.environment),
  });
  const server = await serveHttp({ port: 0, requestIdHeader: null, handler });
  const s3 = new S3Client({ region, endpoint: server.url, credentials: KEY, forcePathStyle: true });
  return {
    ...world,
    url: server.url,
    port: server.port,
    s3,
    audit,
    async close() {
      s3.destroy();
      await server.close(0);
      await world.close();
    },
  };
}
