/**
 * The AWS endpoint: one HTTP handler for all services.
 *
 * The order is fixed: which service, who calls (before anything of the body is stored), which operation, the input, may the caller do that, do it,
 * encode. Only the catalog and the services are asked; the control plane is not needed for any of it.
 */
import type { Region } from "#contracts";
import type { Catalog } from "#data-plane/link";
import type { CallContext, Operation, Service } from "#data-plane/service";
import {
  AwsError,
  decodeInput,
  encodeError,
  encodeOutput,
  formParameter,
  loadServiceModel,
  protocolOf,
  type RoutedOperation,
  routeOperation,
  routeService,
  type ServiceModel,
  type ServiceName,
  type WireResponse,
} from "#foundation/aws";
import { SignatureError, type SignedRequest } from "#foundation/aws/sigv4";
import type { HttpHandler, HttpRequest, HttpResponse } from "#foundation/http";
import type { Logger } from "#foundation/telemetry";
import { type AddressedRequest, addressOf, type EndpointNames } from "./address.ts";
import { type Authentication, authenticate, readSignature } from "./authenticate.ts";
import { createAuthorizer } from "./authorize.ts";
import { verifyBodyDigests, wantsDigest } from "./body-digests.ts";
import type { OperationMetrics } from "./operation-metrics.ts";
import { openPayload, readPayload } from "./payload.ts";
import { refusalOf } from "./refusals.ts";
import { SERVICE_FACTS } from "./service-facts.ts";

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
  contextFor(request: AddressedRequest, authentication: Authentication): CallContext;
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
  readonly browser?: BrowserAccess;
}

/** What is known of a request on its way; refusals are encoded with whatever is known by then. */
interface Passage {
  service: ServiceName;
  model: ServiceModel | undefined;
  routed: RoutedOperation | undefined;
}

/** @returns the handler, after the models of the given services are loaded */
export async function createFrontDoor(options: FrontDoorOptions): Promise<HttpHandler> {
  const { catalog, clock, regions, defaultRegion, hostId } = options;
  const services = new Map(options.services.map((service) => [service.name, service]));
  const models = new Map<ServiceName, ServiceModel>();
  await Promise.all([...services.keys()].map(async (name) => models.set(name, await loadServiceModel(name))));

  const contextFor = (
    addressed: AddressedRequest,
    authentication: Authentication,
    trailers: ReadonlyMap<string, string> = NO_TRAILERS,
    now = clock.now(),
  ): CallContext => {
    const { request } = addressed;
    const { caller, signature } = authentication;
    const region = (signature?.scope?.region ?? defaultRegion) as Region;
    const authorizer = createAuthorizer(catalog, { request, caller, signature, region, now });
    return {
      requestId: request.id,
      hostId,
      caller,
      region,
      now,
      request,
      endpoint: addressed.endpoint,
      virtualHost: addressed.bucket !== undefined,
      presigned: signature?.presigned !== undefined,
      trailers,
      decide: authorizer.decide,
      authorize: authorizer.authorize,
    };
  };
  const door: DoorServices = { catalog, regions, defaultRegion, now: () => clock.now(), contextFor };

  /** Runs one request to its answer; throws refusals. */
  const pass = async (addressed: AddressedRequest, passage: Passage): Promise<WireResponse> => {
    const { request } = addressed;
    const now = clock.now();
    const parsed = readSignature(request);
    const form = await readForm(request);
    const addressee = routeService({
      scopeService: "scope" in parsed ? parsed.scope.service : undefined,
      target: request.headers.get("x-amz-target"),
      action: form === undefined ? undefined : formParameter(form, "Action"),
      version: form === undefined ? undefined : formParameter(form, "Version"),
      path: request.path,
    });
    if (addressee === undefined) {
      throw new AwsError("UnknownService", "The request is signed for a service that Biplane does not have.", {
        statusCode: 404,
      });
    }
    passage.service = addressee;
    const facts = SERVICE_FACTS[passage.service];
    if (parsed.kind === "anonymous" && !facts.anonymous) throw new SignatureError({ reason: "missing" });

    const authentication = authenticate(parsed, request, catalog, {
      now,
      regions,
      defaultRegion,
      signingNames: facts.signingNames,
      virtualHostBucket: addressed.bucket,
    });
    const model = models.get(passage.service) ?? (await loadServiceModel(passage.service));
    models.set(passage.service, model);
    passage.model = model;
    const routed = routeOperation(model, request, {
      body: form,
      baseDomains: addressed.bucket === undefined ? [] : options.names.baseDomains,
    });
    passage.routed = routed;
    const service = services.get(passage.service);
    const operation = service?.operations.get(routed.operation.name) as Operation<unknown, unknown> | undefined;
    if (operation === undefined) throw notImplemented(passage.service, routed);
    if (passage.service === "s3") expectBucketRegion(catalog, routed, authentication.signature);

    const { input, trailers } = await inputOf(routed, addressed, authentication.signature, form);
    const context = contextFor(addressed, authentication, trailers, now);
    const questions = operation.access(input, context);
    for (const question of questions instanceof Promise ? await questions : questions) context.authorize(question);
    const output = await operation.handle(input, context);
    const response = encodeOutput(routed, output as object, {
      requestId: request.id,
      hostId,
      headOnly: request.method === "HEAD",
    });
    // RFC 9110 §15.3.7: a part of something is a 206; the model knows only one status.
    return response.status === 200 && Object.hasOwn(output as object, "ContentRange")
      ? { ...response, status: 206 }
      : response;
  };

  return async (request) => {
    const started = performance.now();
    const passage: Passage = { service: "s3", model: undefined, routed: undefined };
    const addressed = addressOf(request, options.names);
    let response: HttpResponse;
    try {
      const intercepted = options.browser?.intercept(addressed, door);
      response = (intercepted === undefined ? undefined : await intercepted) ?? (await pass(addressed, passage));
    } catch (thrown) {
      const { error, unexpected } = refusalOf(thrown, SERVICE_FACTS[passage.service].dialect);
      if (unexpected) {
        options.logger.error("request failed", {
          requestId: request.id,
          service: passage.service,
          operation: passage.routed?.operation.name,
          error: thrown,
        });
      }
      const model = passage.model ?? models.get(passage.service) ?? (await loadServiceModel(passage.service));
      response = encodeError(model, passage.routed?.protocol ?? protocolOf(model, request), error, {
        requestId: request.id,
        hostId,
        headOnly: request.method === "HEAD",
        resource: request.path,
      });
    }
    options.metrics.record(
      passage.service,
      passage.routed?.operation.name ?? "unrouted",
      response.status,
      performance.now() - started,
    );
    if (options.browser !== undefined && request.headers.has("origin")) {
      const bucket = passage.routed?.labels.Bucket;
      if (passage.service === "s3" && bucket !== undefined) {
        const cors = options.browser.corsHeaders(bucket, request);
        if (cors.length > 0) return { ...response, headers: [...(response.headers ?? []), ...cors] };
      }
    }
    return response;
  };
}

const NO_TRAILERS: ReadonlyMap<string, string> = new Map();

/** The query protocols say in the body what they want. */
async function readForm(request: HttpRequest): Promise<Uint8Array | undefined> {
  if (request.method !== "POST" || request.path !== "/") return undefined;
  const type = request.headers.get("content-type");
  if (type === undefined || !type.startsWith("application/x-www-form-urlencoded")) return undefined;
  return await request.body.bytes(SERVICE_FACTS.sqs.documentBytesMax);
}

async function inputOf(
  routed: RoutedOperation,
  addressed: AddressedRequest,
  signature: SignedRequest | undefined,
  form: Uint8Array | undefined,
): Promise<{ readonly input: unknown; readonly trailers: ReadonlyMap<string, string> }> {
  const { request } = addressed;
  if (routed.operation.streamsInput) {
    const payload = openPayload(request, signature);
    return { input: decodeInput(routed, request, payload.stream), trailers: payload.trailers };
  }
  const service = routed.service.service;
  const payload = await readPayload(request, signature, SERVICE_FACTS[service].documentBytesMax, form);
  if (service === "s3")
    verifyBodyDigests(request.headers, payload.bytes, payload.trailers, wantsDigest(routed.operation));
  return { input: decodeInput(routed, request, payload.bytes), trailers: payload.trailers };
}

/** S3 redirects a signature for the wrong region to the right one (S3 API Reference, AuthorizationHeaderMalformed). */
function expectBucketRegion(catalog: Catalog, routed: RoutedOperation, signature: SignedRequest | undefined): void {
  const signed = signature?.scope?.region;
  const name = routed.labels.Bucket;
  if (signed === undefined || name === undefined) return;
  const operation = routed.operation.name;
  if (operation === "CreateBucket" || operation === "GetBucketLocation") return;
  const bucket = catalog.bucket(name);
  if (bucket === undefined || bucket.region === signed) return;
  throw new AwsError(
    "AuthorizationHeaderMalformed",
    `The authorization header is malformed; the region '${signed}' is wrong; expecting '${bucket.region}'`,
    { statusCode: 400, fields: { Region: bucket.region }, headers: [["x-amz-bucket-region", bucket.region]] },
  );
}

function notImplemented(service: ServiceName, routed: RoutedOperation): AwsError {
  const name = routed.operation.name;
  if (service === "s3") {
    return new AwsError(
      "NotImplemented",
      `A header or query you provided requests ${name}, which Biplane does not implement.`,
      {
        statusCode: 501,
        fault: "server",
      },
    );
  }
  return new AwsError("UnsupportedOperation", `Biplane does not implement ${service}:${name}.`, {
    statusCode: 501,
    fault: "server",
  });
}
