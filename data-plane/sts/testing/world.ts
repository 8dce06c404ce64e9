/** STS behind the real front door on a real socket, with official clients. The catalog is in memory; time is the test's to move, and the clients' clocks follow it. */

import { type AssumeRoleCommandInput, type Credentials, STSClient } from "@aws-sdk/client-sts";
import type { Region } from "#contracts";
import { createFrontDoor, createOperationMetrics } from "#data-plane/front-door";
import { ACCOUNT, IdentityCatalog, OTHER_ACCOUNT } from "#data-plane/principals/testing";
import type { AuditEvent } from "#foundation/audit";
import { createMemoryAudit } from "#foundation/audit/testing";
import type { Credential } from "#foundation/aws/sigv4";
import { serveHttp } from "#foundation/http";
import { createVirtualTime, systemRandom, type VirtualTime } from "#foundation/runtime";
import { createMetrics, silentLogger } from "#foundation/telemetry";
import { noVerificationKey } from "../errors.ts";
import { createStsService } from "../service/sts-service.ts";
import type { TestIdentityProvider } from "./identity-provider.ts";

export interface World {
  readonly url: string;
  readonly catalog: IdentityCatalog;
  readonly time: VirtualTime;
  /** Root of {@link ACCOUNT}. */
  readonly root: Credential;
  /** A user of {@link ACCOUNT} without any policy. */
  readonly ana: Credential;
  /** A user of {@link OTHER_ACCOUNT} without any policy. */
  readonly other: Credential;
  /** Identity providers that can be reached. */
  readonly providers: TestIdentityProvider[];
  /** What the audit log was told, in order. */
  readonly audited: readonly AuditEvent[];
  client(credential: Credential): STSClient;
  /** Who has no credentials. */
  readonly anonymous: STSClient;
  close(): Promise<void>;
}

/** What the SDK gives back of credentials, as it takes them. */
export const credentialOf = (made: Credentials | undefined): Credential => ({
  accessKeyId: made?.AccessKeyId ?? "",
  secretAccessKey: made?.SecretAccessKey ?? "",
  sessionToken: made?.SessionToken,
});

/** `arn:aws:iam::111122223333:role/reader` */
export const roleArn = (name: string, accountId: string = ACCOUNT): string => `arn:aws:iam::${accountId}:role/${name}`;

export const assume = (name: string, more: Partial<AssumeRoleCommandInput> = {}): AssumeRoleCommandInput => ({
  RoleArn: roleArn(name),
  RoleSessionName: "work",
  ...more,
});

export async function openWorld(): Promise<World> {
  const time = createVirtualTime(Date.now());
  const catalog = new IdentityCatalog();
  catalog.addAccount(ACCOUNT);
  catalog.addAccount(OTHER_ACCOUNT);
  const root = catalog.putKey("AKIAROOTROOTROOTROOT");
  catalog.putUser("ana");
  const ana = catalog.putKey("AKIAANAANAANAANAANAA", { owner: { type: "user", userName: "ana" } });
  catalog.putUser("other", { accountId: OTHER_ACCOUNT });
  const other = catalog.putKey("AKIAOTHEROTHEROTHERO", {
    accountId: OTHER_ACCOUNT,
    owner: { type: "user", userName: "other" },
  });
  const providers: TestIdentityProvider[] = [];
  const audit = createMemoryAudit();
  const environment = { catalog, clock: time.clock, timers: time.timers, random: systemRandom };
  const sts = await createStsService(environment, async (url) => {
    const document = providers.map((provider) => provider.document(url)).find((one) => one !== undefined);
    if (document === undefined) throw noVerificationKey();
    return document;
  });
  const door = await createFrontDoor({
    audit,
    services: [sts],
    catalog,
    defaultRegion: "us-east-1" as Region,
    regions: new Set(["us-east-1", "eu-west-1"]),
    names: { baseDomains: ["localhost"] },
    hostId: "HOST",
    clock: time.clock,
    logger: silentLogger,
    metrics: createOperationMetrics(createMetrics()),
  });
  const server = await serveHttp({ name: "aws", hostname: "127.0.0.1", port: 0, handler: door });
  const clients: STSClient[] = [];
  const client = (credentials: Credential, anonymous = false): STSClient => {
    const made = new STSClient({
      endpoint: server.url,
      region: "us-east-1",
      credentials,
      maxAttempts: 1,
      systemClockOffset: time.clock.now() - Date.now(),
      ...(anonymous && { signer: { sign: async (request) => request } }),
    });
    clients.push(made);
    return made;
  };
  return {
    url: server.url,
    catalog,
    time,
    root,
    ana,
    other,
    providers,
    audited: audit.events,
    client,
    anonymous: client({ accessKeyId: "", secretAccessKey: "" }, true),
    async close() {
      for (const made of clients) made.destroy();
      await server.close(0);
    },
  };
}
