/**
 * The AWS endpoint: one HTTP handler for all services.
 *
 * Only the catalog and the services are asked; the control plane is not needed for any of it. What a request goes through is in `passage.ts`; here
 * is what stands around it: browsers, refusals, counting.
 */
import type { Region } from "#contracts";
import type { Catalog } from "#data-plane/link";
import { type Claim, type ClaimedPrincipal, Principals } from "#data-plane/principals";
import type { CallContext, Service } from "#data-plane/service";
import { AwsError, encodeError, protocolOf, type WireResponse } from "#foundation/aws";
import { type HttpHandler, type HttpRequest, type HttpResponse, headerText } from "#foundation/http";
import type { TokenBuckets } from "#foundation/rate-limit";
import type { Logger } from "#foundation/telemetry";
import { type AddressedRequest, addressOf, type EndpointNames } from "./address.ts";
import { dialectFor, likelyAddressee } from "./addressee.ts";
import { type AuditTrail, refusalEvent } from "./audit.ts";
import type { Authentication } from "./authenticate.ts";
import { Call } from "./call.ts";
import { offeredOperations } from "./declared.ts";
import { Documents } from "./documents.ts";
import { type Admit, admitting } from "./intercepted.ts";
import { Models } from "./models.ts";
import type { OperationMetrics } from "./operation-metrics.ts";
import { type Hall, type OnKeyUse, Passage } from "./passage.ts";
import { NO_TRAILERS } from "./payload.ts";
import { refusalOf } from "./refusals.ts";

/** What browsers ask of S3 outside its operations: preflights, CORS headers, form uploads, websites. */
export interface BrowserAccess {
  /**
   * Answers requests that are no operation of the model, or gives undefined.
   */
  intercept(request: AddressedRequest, door: DoorServices): Promise<HttpResponse | undefined> | undefined;
  /** Headers to add to an answer for a request with an `Origin`. */
  corsHeaders(bucket: string, request: HttpRequest): readonly (readonly [string, string])[];
}

/** The parts of the front door that an interception may use. */
export interface DoorServices {
  readonly catalog: Catalog;
  readonly regions: ReadonlySet<string>;
  readonly defaultRegion: Region;
  now(): number;
  /** Whom a signature claims to be of. @throws as {@link Principals.claimed} */
  claimed(claim: Claim): ClaimedPrincipal;
  contextFor(request: AddressedRequest, authentication: Authentication): CallContext;
  /** Every call that is intercepted passes here before it does anything. @throws AwsError AccessDenied; AuditError when what must be on record cannot be */
  readonly admit: Admit;
}

export interface FrontDoorOptions {
  readonly services: readonly Service[];
  readonly catalog: Catalog;
  /** Region of requests that name none, and of the endpoint's own answers. */
  readonly defaultRegion: Region;
  readonly regions: ReadonlySet<string>;
  readonly names: EndpointNames;
  readonly hostId: string;
  readonly clock: { now(): number };
  readonly logger: Logger;
  readonly metrics: OperationMetrics;
  /** What must not happen without a record is written here first; refusals are noted. */
  readonly audit: AuditTrail;
  /** Calls on objects, items and messages are written down too, each before it happens. Default: only those that are refused. */
  readonly auditDataEvents?: boolean;
  /** What callers may change at most, see `CHANGES_OF_CALLER`. Default: anything. */
  readonly changes?: TokenBuckets;
  /** For tests: questions are held to the condition keys that the tables of permissions name. */
  readonly checksConditionKeys?: boolean;
  readonly browser?: BrowserAccess;
  readonly onKeyUse?: OnKeyUse;
}

/** @returns the handler, after the models of the given services are loaded. It never rejects. */
export async function createFrontDoor(options: FrontDoorOptions): Promise<HttpHandler> {
  const { browser, catalog, clock, defaultRegion, hostId, metrics, names, regions } = options;
  const services = new Map(options.services.map((service) => [service.name, service]));
  const models = await Models.of(services.keys());
  const operations = new Map(options.services.map((service) => [service.name, offeredOperations(service)]));
  const principals = new Principals(catalog);
  const documents = new Documents();
  const { onKeyUse } = options;
  const hall: Hall = {
    catalog,
    principals,
    operations,
    models,
    documents,
    regions,
    defaultRegion,
    hostId,
    clock,
    onKeyUse,
    audit: options.audit,
    changes: options.changes,
    auditsData: options.auditDataEvents ?? false,
    checksConditionKeys: options.checksConditionKeys ?? false,
  };
  const door: DoorServices = {
    catalog,
    regions,
    defaultRegion,
    now: () => clock.now(),
    claimed: (claim) => principals.claimed(claim, clock.now()),
    contextFor: (addressed, authentication) => new Call(hall, addressed, authentication, NO_TRAILERS, clock.now()),
    admit: admitting(hall.audit, hall.auditsData),
  };

  return async (request) => {
    const started = performance.now();
    const addressed = addressOf(request, names);
    const passage = new Passage(hall, addressed);
    let response: HttpResponse | undefined;
    try {
      const intercepted = browser?.intercept(addressed, door);
      if (intercepted !== undefined) response = await intercepted;
      response ??= withCors(await passage.answer(), passage, addressed, browser);
    } catch (thrown) {
      response = withCors(await refuse(thrown, passage, request, hall, options.logger), passage, addressed, browser);
    }
    const elapsedMs = performance.now() - started;
    metrics.record(
      passage.service ?? "unknown",
      passage.routed?.operation.name ?? "unrouted",
      response.status,
      elapsedMs,
    );
    const onSent = services.get(passage.service ?? "s3")?.requestAnswered?.({
      request,
      hostId,
      hostBucket: addressed.bucket,
      website: addressed.website,
      operation: passage.routed?.operation.name,
      labels: passage.routed?.labels,
      caller: passage.caller,
      errorCode: passage.errorCode,
      response,
      elapsedMs,
    });
    return onSent === undefined ? response : { ...response, onSent };
  };
}

/** Words a refusal for the service that was addressed, as far as that is known. */
async function refuse(
  thrown: unknown,
  passage: Passage,
  request: HttpRequest,
  hall: Hall,
  logger: Logger,
): Promise<WireResponse> {
  const service = passage.service ?? likelyAddressee(request);
  const model = passage.model ?? hall.models.get(service) ?? (await hall.models.load(service));
  const protocol = passage.protocol ?? protocolOf(model, request);
  const { error, unexpected } = refusalOf(thrown, dialectFor(service, protocol));
  passage.errorCode = error.code;
  const event = refusalEvent(passage, request, thrown, error);
  if (event !== undefined) hall.audit.note(event);
  const report = (cause: unknown): void =>
    logger.error("request failed", {
      requestId: request.id,
      service,
      operation: passage.routed?.operation.name,
      error: cause,
    });
  if (unexpected) report(thrown);
  const encode = (refusal: AwsError): WireResponse =>
    encodeError(model, protocol, refusal, {
      requestId: request.id,
      hostId: hall.hostId,
      headOnly: request.method === "HEAD",
      resource: request.path,
    });
  try {
    const answer = encode(error);
    // Fields of an error may repeat what the caller sent.
    return { ...answer, headers: answer.headers.map(([name, value]) => [name, headerText(value)] as const) };
  } catch (defect) {
    report(defect);
    return encode(
      new AwsError("InternalError", "We encountered an internal error. Please try again.", { statusCode: 500 }),
    );
  }
}

/** Browsers keep an answer from the page unless its bucket permits the origin; refusals are answers too. */
function withCors(
  response: WireResponse,
  passage: Passage,
  addressed: AddressedRequest,
  browser: BrowserAccess | undefined,
): HttpResponse {
  const { request } = addressed;
  if (browser === undefined || !request.headers.has("origin")) return response;
  if (passage.service !== undefined && passage.service !== "s3") return response;
  const bucket = passage.routed?.labels.Bucket ?? addressed.bucket ?? firstSegment(request.path);
  const cors = bucket === undefined ? [] : browser.corsHeaders(bucket, request);
  return cors.length === 0 ? response : { ...response, headers: [...response.headers, ...cors] };
}

/** Bucket names hold nothing that is percent-encoded. */
function firstSegment(path: string): string | undefined {
  const name = path.split("/", 2)[1];
  return name === undefined || name === "" ? undefined : name;
}
