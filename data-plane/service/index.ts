/**
 * What a service of the data plane looks like to the front door.
 *
 * The front door authenticates, decodes, authorises what the operation declares, calls the operation and encodes what it returns. A service
 * knows neither signatures nor wire formats; an operation that declares no access cannot be registered.
 */
import type { AccountId, Region } from "#contracts";
import type { ServiceName } from "#foundation/aws";
import type { HttpRequest, HttpResponse } from "#foundation/http";
import type { CompiledPolicy, Decision, PrincipalContext } from "#foundation/policy";
import type { PermissionTable } from "./permissions.ts";

export { REQUEST_TAGS, RESOURCE_TAGS, TAG_KEYS } from "./condition-keys.ts";
export type { EventDelivery, EventDestination, EventSource } from "./event-destinations.ts";
export { type AccessLevel, isSensitive, type OperationPermission, type PermissionTable } from "./permissions.ts";

/** What temporary credentials add to who they speak for. Facts of the session's token; what they allow is judged by the catalog at each request. */
export interface CallerSession {
  /** Epoch milliseconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Session policies, compiled; together they must allow. Empty: there were none. */
  readonly policies: readonly CompiledPolicy[];
  /** Session tags. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly transitiveTags?: readonly string[];
  readonly sourceIdentity?: string;
  /** Of a web identity: the provider (`accounts.example.com`), and whom it vouched for to whom. */
  readonly federated?: { readonly provider: string; readonly subject: string; readonly audience: string };
}

interface CallerBase {
  readonly accountId: AccountId;
  /** As `GetCallerIdentity` shows it. */
  readonly arn: string;
  /** `aws:userid`. */
  readonly userId: string;
  readonly accessKeyId: string;
  /** Canonical user id of the caller's account. */
  readonly canonicalUserId: string;
}

/** Who calls. */
export type Caller =
  | { readonly type: "anonymous" }
  /** `arn:aws:iam::123456789012:root`; the user id is the account id. A session is that of GetSessionToken. */
  | (CallerBase & { readonly type: "root"; readonly session?: CallerSession })
  /** `…:user/path/name`, `AIDA…`. A session is that of GetSessionToken. */
  | (CallerBase & { readonly type: "user"; readonly userName: string; readonly session?: CallerSession })
  /** `arn:aws:sts::123456789012:assumed-role/name/session`, `AROA…:session`. */
  | (CallerBase & {
      readonly type: "role";
      /** `arn:aws:iam::123456789012:role/path/name` */
      readonly roleArn: string;
      readonly roleId: string;
      readonly sessionName: string;
      readonly session: CallerSession;
    })
  /** `arn:aws:sts::123456789012:federated-user/name`, `123456789012:name`. */
  | (CallerBase & { readonly type: "federated"; readonly session: CallerSession })
  /** A member of the org, signed in through the platform; shown as a session of the role that stands for its place in the org. */
  | (CallerBase & {
      readonly type: "member";
      readonly personId: string;
      readonly roleArn: string;
      readonly roleId: string;
      readonly sessionName: string;
      readonly session: CallerSession;
    });

/** One question to the policy evaluator; all questions of an operation must be answered with yes. */
export interface AccessRequest {
  /** `s3:GetObject` */
  readonly action: string;
  /** ARN of the resource. */
  readonly resource: string;
  /** The account that owns the resource. */
  readonly resourceAccount: AccountId;
  /** The resource's own policy, where there is one. */
  readonly resourcePolicy?: CompiledPolicy;
  /** True when an ACL grants the access: counts like an Allow of the resource policy. */
  readonly grantedByAcl?: boolean;
  /** Service condition keys (`s3:prefix` …), lower-case keys. Global keys (`aws:…`) are the front door's. */
  readonly conditions?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Who asks, where it is not the caller. */
  readonly asker?: Asker;
}

/** Whom a token of an outside provider in the input speaks for. No policies but the resource's speak for it. */
export interface Asker {
  readonly principal: PrincipalContext;
  /** What the audit log calls it. */
  readonly id: string;
}

/** Everything an operation may know about the call besides its input. */
export interface CallContext {
  readonly requestId: string;
  readonly hostId: string;
  readonly caller: Caller;
  readonly region: Region;
  /** Epoch milliseconds, from the injected clock, when the request arrived. */
  readonly now: number;
  /** The raw request: only for headers that no model knows. The body is already part of the input. */
  readonly request: HttpRequest;
  /** The endpoint as the client addressed it, `http://127.0.0.1:4566`, for URLs in answers. */
  readonly endpoint: string;
  /** Whether the bucket came from the host name. */
  readonly virtualHost: boolean;
  /** True for SigV4/V2 query signatures. */
  readonly presigned: boolean;
  /** Trailing headers of an aws-chunked body, by lower-case name; complete after the body has been read to its end. */
  readonly trailers: ReadonlyMap<string, string>;
  /** The evaluator, for questions that arise within an operation (per key of DeleteObjects, 403 instead of 404). */
  decide(request: AccessRequest): Decision;
  /**
   * Whether a policy of the caller asks for a condition key that begins like this: what costs a look-up is looked up only then.
   * @param prefix in lower case: `s3:existingobjecttag/`
   */
  asksFor(prefix: string): boolean;
  /** @throws AwsError AccessDenied, with AWS's message */
  authorize(request: AccessRequest): void;
}

/** One operation. `Input` and `Output` are the generated types of the service model. */
export interface Operation<Input, Output> {
  /** What the caller must be allowed to do. An empty list is only for operations that AWS allows to everybody. */
  access(input: Input, context: CallContext): readonly AccessRequest[] | Promise<readonly AccessRequest[]>;
  handle(input: Input, context: CallContext): Promise<Output> | Output;
}

/** A request and its answer, as the front door knows them when the answer is about to be sent. */
export interface AnsweredRequest {
  readonly request: HttpRequest;
  readonly hostId: string;
  /** The bucket of virtual-host style addressing; undefined for path style. */
  readonly hostBucket: string | undefined;
  /** Addressed as a website, not as the API. */
  readonly website: boolean;
  /** Name in the model; undefined for requests that were refused before they were routed, and for those that are no operation. */
  readonly operation: string | undefined;
  /** Labels of the path, decoded; undefined where there is no operation. */
  readonly labels: Readonly<Record<string, string>> | undefined;
  /** Undefined for requests whose signature was not proven. */
  readonly caller: Caller | undefined;
  /** Code of the error that was answered. */
  readonly errorCode: string | undefined;
  readonly response: HttpResponse;
  /** Milliseconds from the arrival of the request to its answer. */
  readonly elapsedMs: number;
}

/** Told once, after the answer was sent or the connection broke. */
export type OnSent = NonNullable<HttpResponse["onSent"]>;

/** A service, as given to the front door. Operations of the model that are missing here answer 501 / UnsupportedOperation. */
export interface Service {
  readonly name: ServiceName;
  readonly operations: ReadonlyMap<string, Operation<never, unknown>>;
  /** Of every operation. An operation may ask about no other action than those of its entry. */
  readonly permissions: PermissionTable;
  /**
   * Asked about every answer, for services that keep a record of requests. Must neither throw nor wait.
   * @returns what wants to know how the sending ended; undefined where nothing does
   */
  requestAnswered?(answered: AnsweredRequest): OnSent | undefined;
  /** Stops timers and flushes; called after the last request has been answered. */
  close(): Promise<void>;
}
