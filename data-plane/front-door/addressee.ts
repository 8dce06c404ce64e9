/** Which service a request is for, and how errors are worded while that is not known. */
import { AwsError, formParameter, type ProtocolName, routeService, type ServiceName } from "#foundation/aws";
import type { ParsedSignature, SignatureErrorDialect } from "#foundation/aws/sigv4";
import type { HttpRequest } from "#foundation/http";
import { SERVICE_FACTS } from "./service-facts.ts";

/**
 * Names the service.
 *
 * @param form the body of an anonymous request that may say it there
 * @throws AwsError `UnknownService` (501) for services that Biplane does not have
 */
export function addresseeOf(request: HttpRequest, parsed: ParsedSignature, form: Uint8Array | undefined): ServiceName {
  // Signature Version 2 is S3's alone here.
  if (parsed.kind === "v2-header" || parsed.kind === "v2-query") return "s3";
  const scopeService = "scope" in parsed ? parsed.scope.service : undefined;
  const addressee = routeService({
    scopeService,
    target: request.headers.get("x-amz-target"),
    action: scopeService === undefined ? actionParameter(request, form, "Action") : undefined,
    version: scopeService === undefined ? actionParameter(request, form, "Version") : undefined,
    path: request.path,
  });
  if (addressee !== undefined) return addressee;
  throw new AwsError("UnknownService", "The request is for a service that Biplane does not have.", {
    statusCode: 501,
    fault: "server",
  });
}

function actionParameter(request: HttpRequest, form: Uint8Array | undefined, name: string): string | undefined {
  const inForm = formParameter(form, name);
  if (inForm !== undefined || !request.query.includes(`${name}=`)) return inForm;
  return formParameter(Buffer.from(request.query, "latin1"), name);
}

/** Whether an anonymous request may name its operation in the body. */
export function mayBeForm(request: HttpRequest): boolean {
  if (request.method !== "POST" || request.headers.get("x-amz-target") !== undefined) return false;
  const type = request.headers.get("content-type");
  return type !== undefined && /^application\/x-www-form-urlencoded\b/i.test(type);
}

/** The service whose errors a client most probably understands, while nobody is known to be addressed. */
export function likelyAddressee(request: HttpRequest): ServiceName {
  const target = request.headers.get("x-amz-target");
  if (target !== undefined) {
    return (
      routeService({ scopeService: undefined, target, action: undefined, version: undefined, path: "/" }) ?? "logs"
    );
  }
  if (mayBeForm(request)) return "sts";
  const type = request.headers.get("content-type");
  return type?.startsWith("application/json") === true ? "lambda" : "s3";
}

/** How a service words refused signatures in a protocol: one that speaks two words them in two ways. */
export function dialectFor(service: ServiceName, protocol: ProtocolName): SignatureErrorDialect {
  return protocol === "awsQuery" ? "query" : SERVICE_FACTS[service].dialect;
}
