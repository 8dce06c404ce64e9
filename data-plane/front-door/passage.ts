/**
 * The way of one request from its signature to its answer.
 *
 * The order is fixed: which service, whose key, is the signature right, which operation, the input, may the caller do that, do it, encode. A body
 * that becomes a stream is not touched before the caller is known and allowed; one that is a document is read when the caller is known (a
 * signature that covers the body can only be proven with it: then an active key must have been named).
 */
import type { Region } from "#contracts";
import type { Catalog } from "#data-plane/link";
import type { Principals } from "#data-plane/principals";
import type { Caller } from "#data-plane/service";
import {
  compressAnswer,
  decodeInput,
  encodeOutput,
  isLongAnswer,
  type ProtocolName,
  protocolOf,
  type RoutedOperation,
  routeOperation,
  type ServiceModel,
  type ServiceName,
  type WireResponse,
} from "#foundation/aws";
import { needsBodyToVerify, type ParsedSignature, parseSignature, SignatureError } from "#foundation/aws/sigv4";
import type { HttpRequest } from "#foundation/http";
import type { TokenBuckets } from "#foundation/rate-limit";
import { type AddressedRequest, expectOneHost } from "./address.ts";
import { addresseeOf, mayBeForm } from "./addressee.ts";
import { type Admitted, type AuditTrail, admissionEvent } from "./audit.ts";
import { ANONYMOUS, type Authentication, prove } from "./authenticate.ts";
import { verifyBodyDigests, wantsDigest } from "./body-digests.ts";
import { expectBucketRegion } from "./bucket-region.ts";
import { Call, type Surroundings } from "./call.ts";
import { expectDeclared, expectDeclaredKeys, type OfferedOperation } from "./declared.ts";
import type { Documents } from "./documents.ts";
import type { Models } from "./models.ts";
import { notImplemented } from "./not-implemented.ts";
import { expectPace } from "./pace.ts";
import {
  compareWhole,
  type Document,
  isChunked,
  NO_TRAILERS,
  openPayload,
  payloadHashOf,
  readDocument,
} from "./payload.ts";
import { SERVICE_FACTS } from "./service-facts.ts";
import { expectSessionReaches } from "./session-reach.ts";
import { expectOperationSigned } from "./signature-v2.ts";

/** What all passages of a front door share. */
export interface Hall extends Surroundings {
  readonly catalog: Catalog;
  readonly principals: Principals;
  readonly operations: ReadonlyMap<ServiceName, ReadonlyMap<string, OfferedOperation>>;
  readonly models: Models;
  readonly documents: Documents;
  readonly regions: ReadonlySet<string>;
  readonly defaultRegion: Region;
  readonly clock: { now(): number };
  readonly audit: AuditTrail;
  /** What callers may change at most; undefined: anything. */
  readonly changes: TokenBuckets | undefined;
  /** Calls on what resources hold are in the audit log too. */
  readonly auditsData: boolean;
  readonly onKeyUse: OnKeyUse | undefined;
  /** Questions are held to the condition keys of the tables too: for tests, since it works out what no policy asks for. */
  readonly checksConditionKeys: boolean;
}

/**
 * Told of every request whose signature was proven: whose, for which service (as it is signed for), in which region, when (epoch milliseconds). Must cost nothing.
 */
export type OnKeyUse = (caller: Caller, service: string, region: string, at: number) => void;

/** A decoded input and what came behind it. */
interface Received {
  readonly input: unknown;
  readonly trailers: ReadonlyMap<string, string>;
}

const NO_DOMAINS: readonly string[] = [];
const NO_BYTES = new Uint8Array(0);
const EMPTY: Document = { bytes: NO_BYTES, trailers: NO_TRAILERS };

/** One request on its way. What is known of it is public: whoever words a refusal uses what was known by then. */
export class Passage {
  service: ServiceName | undefined;
  model: ServiceModel | undefined;
  protocol: ProtocolName | undefined;
  routed: RoutedOperation | undefined;
  /** Undefined until the signature was proven. */
  caller: Caller | undefined;
  /** The access key that the request names, proven or not. */
  claimedKeyId: string | undefined;
  /** What was admitted, of calls that are in the audit log. */
  admitted: readonly Admitted[] | undefined;
  /** Code of the refusal. */
  errorCode: string | undefined;
  readonly #hall: Hall;
  readonly #addressed: AddressedRequest;
  readonly #request: HttpRequest;

  constructor(hall: Hall, addressed: AddressedRequest) {
    this.#hall = hall;
    this.#addressed = addressed;
    this.#request = addressed.request;
  }

  /** `iam:CreateUser`, as far as it is known. */
  get action(): string {
    return `${this.service ?? "unknown"}:${this.routed?.operation.name ?? "unknown"}`;
  }

  /** @throws whatever `refusalOf` puts into words */
  async answer(): Promise<WireResponse> {
    const hall = this.#hall;
    const request = this.#request;
    const now = hall.clock.now();
    expectOneHost(request);
    const parsed = parseSignature(request);
    if (parsed.kind !== "anonymous") this.claimedKeyId = parsed.accessKeyId;
    const form = parsed.kind === "anonymous" && mayBeForm(request) ? await this.#anonymousForm() : undefined;
    const service = addresseeOf(request, parsed, form);
    this.service = service;
    const model = hall.models.get(service) ?? (await hall.models.load(service));
    this.model = model;
    this.protocol = protocolOf(model, request);
    if (form !== undefined) compareWhole(payloadHashOf(request, undefined), form);

    const body =
      form ?? (needsBodyToVerify(parsed, request) ? await this.#claimedBody(parsed, service, now) : undefined);
    const authentication = this.#authenticate(parsed, service, body, now);
    this.caller = authentication.caller;
    this.#tellUse(authentication, service, now);
    const document =
      body !== undefined
        ? { bytes: body, trailers: NO_TRAILERS }
        : this.protocol === "awsQuery" || this.protocol === "ec2Query"
          ? await this.#document(authentication, service)
          : undefined;

    const routed = this.#route(model, document);
    const offered = this.#offered(routed, authentication);
    const { operation } = offered;
    const receiving = this.#receive(routed, authentication, document);
    const { input, trailers } = receiving instanceof Promise ? await receiving : receiving;

    const call = new Call(hall, this.#addressed, authentication, trailers, now);
    const asked = operation.access(input, call);
    const questions = asked instanceof Promise ? await asked : asked;
    if (hall.checksConditionKeys) for (const question of questions) expectDeclaredKeys(offered, question);
    if (offered.sensitive || hall.auditsData) {
      const admitted = questions.map((question) => {
        expectDeclared(offered, question);
        return { question, decision: call.admit(question) };
      });
      if (offered.sensitive) expectPace(hall.changes, call.caller, request);
      // What cannot be written down does not happen.
      await hall.audit.append(admissionEvent(call.caller, request, this.action, admitted));
      this.admitted = admitted;
    } else {
      for (const question of questions) {
        expectDeclared(offered, question);
        call.admit(question);
      }
    }
    const handled = operation.handle(input, call);
    const output = (handled instanceof Promise ? await handled : handled) as object;
    const answer = encodeOutput(routed, output, {
      requestId: request.id,
      hostId: hall.hostId,
      headOnly: request.method === "HEAD",
    });
    if (service === "s3") return isPart(output) && answer.status === 200 ? { ...answer, status: 206 } : answer;
    return SERVICE_FACTS[service].compresses && isLongAnswer(answer)
      ? compressAnswer(answer, request.headers.get("accept-encoding"))
      : answer;
  }

  /** The body of a request without credentials that may say there what it wants. Undefined where the body is in another form after all. */
  async #anonymousForm(): Promise<Uint8Array | undefined> {
    const request = this.#request;
    if (request.body.empty || isChunked(payloadHashOf(request, undefined))) return undefined;
    const limit = SERVICE_FACTS.sqs.documentBytesMax;
    return await this.#hall.documents.take(request, "anonymous", limit, () => request.body.bytes(limit));
  }

  /** The body that a signature covers without saying its hash. Read only for keys that exist. */
  async #claimedBody(parsed: ParsedSignature, service: ServiceName, now: number): Promise<Uint8Array> {
    const request = this.#request;
    if (parsed.kind !== "anonymous") this.#hall.principals.claimed(parsed, now);
    if (request.body.empty) return NO_BYTES;
    const limit = SERVICE_FACTS[service].documentBytesMax;
    return await this.#hall.documents.take(request, "keyed", limit, () => request.body.bytes(limit));
  }

  #authenticate(
    parsed: ParsedSignature,
    service: ServiceName,
    body: Uint8Array | undefined,
    now: number,
  ): Authentication {
    const { anonymous, signingNames } = SERVICE_FACTS[service];
    if (parsed.kind === "anonymous") {
      if (anonymous !== "all" && anonymous.size === 0) throw new SignatureError({ reason: "missing" });
      return ANONYMOUS;
    }
    const { principals, regions, defaultRegion } = this.#hall;
    return prove(parsed, principals.claimed(parsed, now), this.#request, {
      now,
      regions,
      defaultRegion,
      signingNames,
      virtualHostBucket: this.#addressed.bucket,
      body,
    });
  }

  #tellUse({ caller, signature }: Authentication, service: ServiceName, now: number): void {
    const { onKeyUse, defaultRegion } = this.#hall;
    if (onKeyUse === undefined || signature === undefined) return;
    onKeyUse(caller, SERVICE_FACTS[service].signingNames[0]!, signature.scope?.region ?? defaultRegion, now);
  }

  #route(model: ServiceModel, document: Document | undefined): RoutedOperation {
    const { domain } = this.#addressed;
    const routed = routeOperation(model, this.#request, {
      body: document?.bytes,
      baseDomains: domain === undefined ? NO_DOMAINS : [domain],
    });
    this.routed = routed;
    return routed;
  }

  /** @throws AwsError for operations that are not offered; SignatureError for those that want a name */
  #offered(routed: RoutedOperation, { caller, signature }: Authentication): OfferedOperation {
    const { service } = routed.service;
    const { anonymous } = SERVICE_FACTS[service];
    if (caller.type === "anonymous" && anonymous !== "all" && !anonymous.has(routed.operation.name)) {
      throw new SignatureError({ reason: "missing" });
    }
    const offered = this.#hall.operations.get(service)?.get(routed.operation.name);
    if (offered === undefined) throw notImplemented(routed);
    expectSessionReaches(routed, caller);
    if (service === "s3") {
      expectBucketRegion(this.#hall.catalog, routed, signature);
      expectOperationSigned(routed.operation, signature);
    }
    return offered;
  }

  #receive(
    routed: RoutedOperation,
    authentication: Authentication,
    document: Document | undefined,
  ): Received | Promise<Received> {
    const request = this.#request;
    if (document !== undefined) return this.#decode(routed, document);
    if (routed.operation.streamsInput) {
      const { stream, trailers } = openPayload(request, authentication.signature);
      return { input: decodeInput(routed, request, stream), trailers };
    }
    const hash = payloadHashOf(request, authentication.signature);
    if (request.body.empty && !isChunked(hash)) {
      compareWhole(hash, NO_BYTES);
      return this.#decode(routed, EMPTY);
    }
    return this.#document(authentication, routed.service.service).then((read) => this.#decode(routed, read));
  }

  #decode(routed: RoutedOperation, { bytes, trailers }: Document): Received {
    const { headers, method } = this.#request;
    if (routed.service.service === "s3" && !routed.operation.streamsInput && method !== "GET" && method !== "HEAD") {
      verifyBodyDigests(headers, bytes, trailers, wantsDigest(routed.operation));
    }
    return { input: decodeInput(routed, this.#request, bytes), trailers };
  }

  /** The whole body of a caller who is known, decoded and compared with what was signed. */
  #document({ caller, signature }: Authentication, service: ServiceName): Promise<Document> {
    const request = this.#request;
    const limit = SERVICE_FACTS[service].documentBytesMax;
    const sender = caller.type === "anonymous" ? "anonymous" : "keyed";
    return this.#hall.documents.take(request, sender, limit, () => readDocument(request, signature, limit));
  }
}

/** RFC 9110 §15.3.7: a part of something is a 206; the model knows only one status. */
function isPart(output: object): boolean {
  return "ContentRange" in output && output.ContentRange !== undefined;
}
