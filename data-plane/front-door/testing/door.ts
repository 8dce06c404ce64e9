/** A front door on a catalog in memory, with a service that remembers what it was asked. */
import type { BucketSections, Region } from "#contracts";
import type { AccessRequest, CallContext, Operation, OperationPermission, Service } from "#data-plane/service";
import { createMemoryAudit, type MemoryAudit } from "#foundation/audit/testing";
import type { ServiceName } from "#foundation/aws";
import type { Credential } from "#foundation/aws/sigv4";
import type { HttpHandler, HttpResponse } from "#foundation/http";
import { compilePolicy, parsePolicy } from "#foundation/policy";
import type { TokenBuckets } from "#foundation/rate-limit";
import { createLogger, createMetrics } from "#foundation/telemetry";
import { type BrowserAccess, createFrontDoor } from "../front-door.ts";
import { createOperationMetrics } from "../operation-metrics.ts";
import { ACCOUNT, FakeCatalog, OTHER_ACCOUNT } from "./fake-catalog.ts";
import { fakeRequest, NOW, type RequestPlan, signed } from "./fake-request.ts";

/** One call that came through to the service. */
export interface Seen {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly context: CallContext;
  /** The streamed body, read to its end. */
  readonly body: string | undefined;
}

export interface Door {
  readonly handler: HttpHandler;
  readonly catalog: FakeCatalog;
  /** Root key of `ACCOUNT`. */
  readonly root: Credential;
  /** Calls that were handled. A body that failed on the way is no call. */
  readonly seen: Seen[];
  /** Operations whose access was asked, in order, whether or not they were allowed. */
  readonly asked: string[];
  readonly audit: MemoryAudit;
  /** Lines of the log. */
  readonly logged: string[];
  /** What handlers do instead of answering `{}`. */
  behave: (operation: string, input: Readonly<Record<string, unknown>>) => unknown;
  /** Sends a plan as it is. */
  send(plan: RequestPlan): Promise<HttpResponse>;
  /** Sends a plan that the root key signs for S3. */
  sendSigned(plan: RequestPlan, payloadHash?: string): Promise<HttpResponse>;
}

export interface DoorOptions {
  /** Operations that are offered. Default: some of S3. */
  readonly offered?: Readonly<Partial<Record<ServiceName, readonly string[]>>>;
  readonly browser?: BrowserAccess;
  readonly auditDataEvents?: boolean;
  readonly changes?: TokenBuckets;
}

const S3_OFFERED = [
  "ListBuckets",
  "GetObject",
  "HeadObject",
  "PutObject",
  "DeleteObjects",
  "PutBucketTagging",
  "GetBucketLocation",
];

export async function openDoor(options: DoorOptions = {}): Promise<Door> {
  const catalog = new FakeCatalog();
  catalog.addAccount(ACCOUNT);
  catalog.addAccount(OTHER_ACCOUNT);
  catalog.putBucket("photos");
  const root = catalog.putKey("AKIAROOT");
  const seen: Seen[] = [];
  const asked: string[] = [];
  const logged: string[] = [];
  const audit = createMemoryAudit();
  const door = { behave: (): unknown => ({}) } as { behave: Door["behave"] };

  const operation = (service: ServiceName, name: string): Operation<never, unknown> => ({
    access(input: Readonly<Record<string, unknown>>) {
      asked.push(name);
      return [questionOf(catalog, service, name, input)];
    },
    async handle(input: Readonly<Record<string, unknown>>, context) {
      const body = isStream(input.Body) ? await textOf(input.Body) : undefined;
      seen.push({ operation: name, input, context, body });
      return await door.behave(name, input);
    },
  });
  const services: Service[] = Object.entries(options.offered ?? { s3: S3_OFFERED }).map(([name, operations]) => ({
    name: name as ServiceName,
    operations: new Map(operations.map((one) => [one, operation(name as ServiceName, one)])),
    permissions: Object.fromEntries(operations.map((one) => [one, permissionOf(name, one)])),
    close: async () => {},
  }));

  const handler = await createFrontDoor({
    services,
    catalog,
    defaultRegion: "us-east-1" as Region,
    regions: new Set(["us-east-1", "eu-west-1"]),
    names: { baseDomains: ["s3.localhost", "localhost"] },
    hostId: "HOST",
    clock: { now: () => NOW },
    logger: createLogger({
      level: "debug",
      sink: { write: (line: string) => void logged.push(line), flush: () => {} },
    }),
    metrics: createOperationMetrics(createMetrics()),
    audit,
    checksConditionKeys: true,
    ...(options.auditDataEvents === undefined ? {} : { auditDataEvents: options.auditDataEvents }),
    ...(options.changes === undefined ? {} : { changes: options.changes }),
    ...(options.browser === undefined ? {} : { browser: options.browser }),
  });
  const send = async (plan: RequestPlan): Promise<HttpResponse> => await handler(fakeRequest(plan));
  return Object.assign(door, {
    handler,
    catalog,
    root,
    seen,
    asked,
    logged,
    audit,
    send,
    sendSigned: (plan: RequestPlan, payloadHash?: string) =>
      send(signed(plan, { credential: root, ...(payloadHash === undefined ? {} : { payloadHash }) })),
  });
}

/** Operations on objects work on data. */
function permissionOf(service: string, operation: string): OperationPermission {
  const permission = {
    actions: [`${service}:${operation}`],
    level: "Write",
    resources: ["*"],
    conditionKeys: [],
  } as const;
  return operation.includes("Object") ? { ...permission, data: true } : permission;
}

/** A bucket named `public…` lets everybody do everything, by its policy or by its ACL. */
function questionOf(
  catalog: FakeCatalog,
  service: ServiceName,
  operation: string,
  input: Readonly<Record<string, unknown>>,
): AccessRequest {
  const bucket = typeof input.Bucket === "string" ? input.Bucket : "";
  const { policy, acl } = (catalog.bucket(bucket)?.sections ?? {}) as BucketSections;
  return {
    action: `${service}:${operation}`,
    resource: `arn:aws:${service}:::${bucket}${input.Key === undefined ? "" : `/${input.Key}`}`,
    resourceAccount: catalog.bucket(bucket)?.accountId ?? ACCOUNT,
    ...(policy === undefined ? {} : { resourcePolicy: compilePolicy(parsePolicy(policy, "resource")) }),
    grantedByAcl: acl !== undefined,
  };
}

export const PUBLIC_POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:*", Resource: "*" }],
});

function isStream(value: unknown): value is AsyncIterable<Uint8Array> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString("latin1");
}

/** Status and code of an answer, whatever its protocol. */
export function outcome(response: HttpResponse): readonly [status: number, code: string | undefined] {
  const body = typeof response.body === "string" ? response.body : "";
  const inXml = /<Code>([^<]*)<\/Code>/.exec(body)?.[1];
  const inJson = /"__type":"(?:[^"#]*#)?([^"]*)"/.exec(body)?.[1];
  const header = response.headers?.find(([name]) => name.toLowerCase() === "x-amzn-errortype")?.[1];
  return [response.status, inXml ?? inJson ?? header];
}
