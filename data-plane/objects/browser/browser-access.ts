/** What browsers ask of S3 outside its operations, as the front door asks this room. */
import type { Region } from "#contracts";
import {
  type AddressedRequest,
  ANONYMOUS,
  type Authentication,
  type BrowserAccess,
  type DoorServices,
} from "#data-plane/front-door";
import { decodePercent, parsePostSignature, verifyPostSignature } from "#foundation/aws/sigv4";
import type { HttpRequest, HttpResponse } from "#foundation/http";
import { note } from "../access-logs/request-notes.ts";
import { createToolbox, type Toolbox } from "../service/define.ts";
import type { ObjectsEnvironment } from "../service/environment.ts";
import { corsFor, corsPreflight } from "./cors.ts";
import { boundaryOf, readUploadForm, type UploadForm } from "./form-data.ts";
import { postObject } from "./post-object.ts";
import { websiteResponse } from "./website.ts";

/** Bucket and key of a request, whichever way the bucket was named. The key is as in the path, still encoded. */
function placeOf({ bucket, request }: AddressedRequest): { readonly bucket: string; readonly key: string } {
  const path = request.path.slice(1);
  if (bucket !== undefined) return { bucket, key: path };
  const slash = path.indexOf("/");
  return slash < 0
    ? { bucket: decodePercent(path), key: "" }
    : { bucket: decodePercent(path.slice(0, slash)), key: path.slice(slash + 1) };
}

/**
 * Who signed the form. A form without policy and signature is anonymous.
 * @throws SignatureError
 */
function authenticateForm(form: UploadForm, door: DoorServices): Authentication {
  const parsed = parsePostSignature((name) => form.fields.get(name));
  if (parsed.kind === "anonymous") return ANONYMOUS;
  const { caller, standing, secret } = door.claimed(parsed);
  const region: Region =
    parsed.kind === "form" && door.regions.has(parsed.scope.region)
      ? (parsed.scope.region as Region)
      : door.defaultRegion;
  return { caller, standing, signature: verifyPostSignature(parsed, secret, { region, service: "s3" }) };
}

async function receiveForm(
  tools: Toolbox,
  addressed: AddressedRequest,
  door: DoorServices,
  boundary: string,
): Promise<HttpResponse> {
  const { bucket } = placeOf(addressed);
  const { request } = addressed;
  const form = await readUploadForm(request.body, boundary);
  const context = door.contextFor(addressed, authenticateForm(form, door));
  note(request, { caller: context.caller });
  const answer = await postObject(tools, bucket, form, context, door.admit);
  const cors = corsFor(tools.catalog, bucket, request.headers.get("origin"), "POST");
  return cors.length === 0 ? answer : { ...answer, headers: [...(answer.headers ?? []), ...cors] };
}

/** Whether the request goes to a bucket itself, where forms are sent. */
const isAtBucket = (addressed: AddressedRequest): boolean => {
  const { bucket, key } = placeOf(addressed);
  return bucket !== "" && key === "";
};

/**
 * Preflights, form uploads, websites, and the CORS headers of everything else.
 * @example
 * const door = await createFrontDoor({ …, browser: createObjectsBrowserAccess(environment) });
 */
export function createObjectsBrowserAccess(environment: ObjectsEnvironment): BrowserAccess {
  const tools = createToolbox(environment);
  return {
    intercept(addressed, door) {
      const { request, bucket } = addressed;
      if (addressed.website && bucket !== undefined) {
        return websiteResponse(tools, bucket, door.contextFor(addressed, ANONYMOUS), door.admit);
      }
      if (request.method === "OPTIONS") {
        const place = placeOf(addressed);
        return Promise.resolve(corsPreflight(tools.catalog, place.bucket, place.key, request));
      }
      if (request.method !== "POST") return undefined;
      const boundary = boundaryOf(request.headers.get("content-type"));
      if (boundary === undefined || !isAtBucket(addressed)) return undefined;
      return receiveForm(tools, addressed, door, boundary);
    },
    corsHeaders: (bucket: string, request: HttpRequest) =>
      corsFor(tools.catalog, bucket, request.headers.get("origin"), request.method),
  };
}
