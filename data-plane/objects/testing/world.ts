/** The service on the real engine in a temporary directory, called as the front door calls it: access first, then the work. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AccountId, Region } from "#contracts";
import type { AccessRequest, CallContext, Caller, EventDestination, Operation, Service } from "#data-plane/service";
import { AwsError, type S3 } from "#foundation/aws";
import {
  authorize,
  type CompiledPolicy,
  compilePolicy,
  type Decision,
  type PrincipalContext,
  parsePolicy,
} from "#foundation/policy";
import { createVirtualTime, systemRandom, systemTimers, type Timers } from "#foundation/runtime";
import { createMetrics, silentLogger } from "#foundation/telemetry";
import { type EmbeddedEngine, openEmbeddedEngine } from "../engine/index.ts";
import type { ObjectsEnvironment } from "../service/environment.ts";
import { createObjectsService } from "../service/objects-service.ts";
import { FakePlanes } from "./fake-planes.ts";
import { fakeRequest, streamOf } from "./fake-request.ts";

export const ACCOUNT = "111122223333" as AccountId;
export const OTHER_ACCOUNT = "444455556666" as AccountId;
const CANONICAL = { [ACCOUNT]: "a".repeat(64), [OTHER_ACCOUNT]: "b".repeat(64) };

const rootOf = (accountId: AccountId): Caller => ({
  type: "root",
  accountId,
  arn: `arn:aws:iam::${accountId}:root`,
  userId: accountId,
  accessKeyId: "AKIAEXAMPLE",
  canonicalUserId: CANONICAL[accountId]!,
});
export const ROOT: Caller = rootOf(ACCOUNT);
export const OTHER_ROOT: Caller = rootOf(OTHER_ACCOUNT);
export const ANONYMOUS: Caller = { type: "anonymous" };

export interface CallOptions {
  readonly as?: Caller;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly trailers?: ReadonlyMap<string, string>;
  readonly method?: string;
  readonly secure?: boolean;
  readonly remoteAddress?: string;
}

type Input<Name extends keyof S3.Operations> = S3.Operations[Name]["input"];
type Output<Name extends keyof S3.Operations> = S3.Operations[Name]["output"];

export interface World {
  readonly service: Service;
  readonly engine: EmbeddedEngine;
  readonly planes: FakePlanes;
  readonly environment: ObjectsEnvironment;
  now(): number;
  advance(ms: number): void;
  contextOf(options?: CallOptions): CallContext;
  call<Name extends keyof S3.Operations>(name: Name, input: Input<Name>, options?: CallOptions): Promise<Output<Name>>;
  /** The error of a call that must be refused. */
  refused<Name extends keyof S3.Operations>(name: Name, input: Input<Name>, options?: CallOptions): Promise<AwsError>;
  /** A fresh bucket; its name. */
  bucket(more?: Partial<S3.CreateBucketRequest>): Promise<string>;
  put(
    Bucket: string,
    Key: string,
    body: string | Uint8Array,
    more?: Partial<S3.PutObjectRequest>,
  ): Promise<S3.PutObjectOutput>;
  text(Bucket: string, Key: string, more?: Partial<S3.GetObjectRequest>): Promise<string>;
  /** A user of {@link ACCOUNT} with one inline policy. */
  user(userName: string, statements: readonly object[]): Caller;
  close(): Promise<void>;
}

/** The bytes of a body in whatever form it was answered. */
export async function bytesOf(body: S3.GetObjectOutput["Body"]): Promise<Buffer> {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body === "string" || body instanceof Uint8Array) return Buffer.from(body);
  if ("kind" in body) return Buffer.from(await Bun.file(body.path).slice(body.start, body.end).arrayBuffer());
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk.slice());
  return Buffer.concat(chunks);
}

function principalOf(caller: Caller): PrincipalContext {
  if (caller.type === "anonymous") return { type: "anonymous" };
  if (caller.type === "root") return { type: "root", accountId: caller.accountId, arn: caller.arn };
  if (caller.type !== "user") throw new Error("callers of this world are people with keys");
  const { accountId, arn, userId, userName } = caller;
  return { type: "user", accountId, arn, userId, userName };
}

export interface WorldOptions {
  readonly timers?: Timers;
  /** Kept when the world closes; default one of its own, which is not. */
  readonly directory?: string;
  readonly eventDestinations?: readonly EventDestination[];
}

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), "biplane-s3-"));
  let now = Date.UTC(2026, 0, 15, 10, 30);
  const clock = { now: () => now, monotonicMs: () => performance.now() };
  const planes = new FakePlanes(() => now);
  planes.addAccount(ACCOUNT, CANONICAL[ACCOUNT]!);
  planes.addAccount(OTHER_ACCOUNT, CANONICAL[OTHER_ACCOUNT]!);
  const engine = await openEmbeddedEngine({
    directory,
    clock,
    random: systemRandom,
    timers: systemTimers,
    hosting: "inline",
  });
  const environment: ObjectsEnvironment = {
    engine,
    catalog: planes,
    control: planes,
    clock,
    // Stand still: nothing of the service happens behind a test's back.
    timers: options.timers ?? createVirtualTime(now).timers,
    random: systemRandom,
    logger: silentLogger,
    metrics: createMetrics(),
    eventDestinations: options.eventDestinations,
  };
  const service = createObjectsService(environment);
  let buckets = 0;

  const decideFor = (caller: Caller) => {
    const user =
      caller.type === "user" && caller.userName !== undefined
        ? planes.user(caller.accountId, caller.userName)
        : undefined;
    const identity: readonly CompiledPolicy[] = Object.values(user?.sections.inlinePolicies ?? {}).map((text) =>
      compilePolicy(parsePolicy(text, "identity")),
    );
    return (question: AccessRequest): Decision => {
      const request = {
        principal: principalOf(caller),
        action: question.action,
        resource: question.resource,
        resourceAccount: question.resourceAccount,
        context: { get: (key: string) => question.conditions?.[key.toLowerCase()] },
      };
      const decision = authorize(request, { identity, resource: question.resourcePolicy });
      if (decision.allowed || decision.reason === "explicit-deny" || question.grantedByAcl !== true) return decision;
      return { ...decision, allowed: true, reason: "allowed" };
    };
  };

  const world: World = {
    service,
    engine,
    planes,
    environment,
    now: () => now,
    advance(ms) {
      now += ms;
    },
    contextOf(call = {}) {
      const caller = call.as ?? ROOT;
      const decide = decideFor(caller);
      const body = typeof call.body === "string" ? Buffer.from(call.body) : call.body;
      return {
        requestId: "REQUEST0",
        hostId: "HOST",
        caller,
        region: "us-east-1" as Region,
        now,
        request: fakeRequest({ ...call, body }),
        endpoint: "http://127.0.0.1:4566",
        virtualHost: false,
        presigned: false,
        trailers: call.trailers ?? new Map(),
        decide,
        asksFor: () => true,
        authorize(question) {
          if (!decide(question).allowed) {
            throw new AwsError("AccessDenied", `not authorized to perform: ${question.action}`, { statusCode: 403 });
          }
        },
      };
    },
    async call(name, input, call = {}) {
      const operation = service.operations.get(name) as Operation<unknown, unknown> | undefined;
      if (operation === undefined) throw new Error(`${name} is not registered`);
      const context = world.contextOf(call);
      const whole = call.body === undefined ? input : { ...input, Body: context.request.body };
      for (const question of await operation.access(whole, context)) context.authorize(question);
      return (await operation.handle(whole, context)) as Output<typeof name>;
    },
    async refused(name, input, call) {
      try {
        await world.call(name, input, call);
      } catch (error) {
        if (error instanceof AwsError) return error;
        throw error;
      }
      throw new Error(`${name} was not refused`);
    },
    async bucket(more = {}) {
      const name = `bucket-${++buckets}`;
      await world.call("CreateBucket", { Bucket: name, ...more });
      return name;
    },
    put(Bucket, Key, body, more = {}) {
      return world.call(
        "PutObject",
        { Bucket, Key, ...more },
        { body: typeof body === "string" ? Buffer.from(body) : body },
      );
    },
    async text(Bucket, Key, more = {}) {
      return (await bytesOf((await world.call("GetObject", { Bucket, Key, ...more })).Body)).toString();
    },
    user(userName, statements) {
      const arn = `arn:aws:iam::${ACCOUNT}:user/${userName}`;
      planes.addUser({
        kind: "user",
        accountId: ACCOUNT,
        entityId: `AIDA${userName.toUpperCase()}`,
        name: userName,
        path: "/",
        createdAt: now,
        modifiedAt: now,
        revision: 1,
        sections: { inlinePolicies: { inline: JSON.stringify({ Version: "2012-10-17", Statement: statements }) } },
      });
      return {
        type: "user",
        accountId: ACCOUNT,
        arn,
        userId: `AIDA${userName.toUpperCase()}`,
        userName,
        accessKeyId: "AKIAUSER",
        canonicalUserId: CANONICAL[ACCOUNT]!,
      };
    },
    async close() {
      await service.close();
      await engine.close();
      if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
    },
  };
  return world;
}

export { streamOf };
