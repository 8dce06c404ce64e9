/** Websites: a bucket as a browser sees it at `<bucket>.s3-website.<domain>` (Amazon S3 user guide, "Website endpoints"). */
import type { Admit } from "#data-plane/front-door";
import type { CallContext } from "#data-plane/service";
import { AwsError, type S3 } from "#foundation/aws";
import type { HttpResponse } from "#foundation/http";
import { noSuchBucket, s3Error } from "../errors.ts";
import { getObject } from "../operations/objects/get-object.ts";
import {
  documentOf,
  keyOfPath,
  redirectAll,
  routeByRules,
  type Visit,
  type WebRedirect,
} from "../rules/website/route.ts";
import { viewOf } from "../service/bucket-view.ts";
import type { Handler, Toolbox } from "../service/define.ts";
import { toS3Error } from "../service/engine-errors.ts";
import { escapeMarkup } from "./xml-text.ts";

const redirectTo = ({ location, status }: WebRedirect): HttpResponse => ({
  status,
  headers: [["Location", location]],
  body: null,
});

/** The page for errors without an error document, in the form that S3 gives. */
function errorPage(error: AwsError, status: number): HttpResponse {
  const title = `${status} ${error.code}`;
  const items = [`<li>Code: ${escapeMarkup(error.code)}</li>`, `<li>Message: ${escapeMarkup(error.message)}</li>`];
  for (const [name, value] of Object.entries(error.fields)) {
    if (value !== undefined) items.push(`<li>${escapeMarkup(name)}: ${escapeMarkup(String(value))}</li>`);
  }
  return {
    status,
    headers: [
      ["Content-Type", "text/html; charset=utf-8"],
      ["x-amz-error-code", error.code],
      ["x-amz-error-message", error.message],
    ],
    body: `<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n<ul>\n${items.join("\n")}\n</ul>\n<hr/>\n</body>\n</html>\n`,
  };
}

const PLAIN_HEADERS = [
  ["ETag", "ETag"],
  ["Cache-Control", "CacheControl"],
  ["Content-Disposition", "ContentDisposition"],
  ["Content-Encoding", "ContentEncoding"],
  ["Content-Language", "ContentLanguage"],
  ["Content-Range", "ContentRange"],
  ["Content-Type", "ContentType"],
  ["Expires", "ExpiresString"],
] as const satisfies readonly (readonly [string, keyof S3.GetObjectOutput])[];

function page(output: S3.GetObjectOutput, status: number): HttpResponse {
  const headers: [string, string][] = [];
  for (const [name, member] of PLAIN_HEADERS) {
    const value = output[member];
    if (value !== undefined) headers.push([name, value]);
  }
  if (output.LastModified !== undefined) headers.push(["Last-Modified", output.LastModified.toUTCString()]);
  for (const [name, value] of Object.entries(output.Metadata ?? {})) headers.push([`x-amz-meta-${name}`, value]);
  return { status, headers, body: output.Body ?? null, contentLength: output.ContentLength };
}

/** A date of a header, when it is one. */
function dateOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

type Fetched = { readonly output: S3.GetObjectOutput } | { readonly error: AwsError };

/** One visit to one site. */
class Site {
  readonly #tools: Toolbox;
  readonly #bucket: string;
  readonly #context: CallContext;
  readonly #admit: Admit;
  readonly #get: Handler<"GetObject">;

  constructor(tools: Toolbox, bucket: string, context: CallContext, admit: Admit) {
    this.#tools = tools;
    this.#bucket = bucket;
    this.#context = context;
    this.#admit = admit;
    this.#get = getObject(tools);
  }

  /** Reads an object as the visitor may; refusals are outcomes here. */
  async fetch(key: string, conditional: boolean): Promise<Fetched> {
    const { headers } = this.#context.request;
    const input: S3.GetObjectRequest = { Bucket: this.#bucket, Key: key };
    const asked: S3.GetObjectRequest = conditional
      ? {
          ...input,
          Range: headers.get("range"),
          IfMatch: headers.get("if-match"),
          IfNoneMatch: headers.get("if-none-match"),
          IfModifiedSince: dateOf(headers.get("if-modified-since")),
          IfUnmodifiedSince: dateOf(headers.get("if-unmodified-since")),
        }
      : input;
    try {
      const questions = await this.#tools.access.of("GetObject", asked, this.#context);
      await this.#admit("s3:GetObject", this.#context, questions);
      return { output: await this.#get(asked, this.#context) };
    } catch (thrown) {
      const error = toS3Error(thrown, input);
      if (error instanceof AwsError) return { error };
      throw error;
    }
  }
}

/**
 * Answers a visit. Whoever comes is anonymous: the bucket's policy (or ACLs) decide what the world may see.
 *
 * @param context of an anonymous caller
 */
export async function websiteResponse(
  tools: Toolbox,
  bucketName: string,
  context: CallContext,
  admit: Admit,
): Promise<HttpResponse> {
  const { request } = context;
  const record = tools.catalog.bucket(bucketName);
  if (record === undefined) return errorPage(noSuchBucket(bucketName), 404);
  const { website } = viewOf(record);
  if (website === undefined) {
    const missing = s3Error(
      "NoSuchWebsiteConfiguration",
      404,
      "The specified bucket does not have a website configuration",
      { BucketName: bucketName },
    );
    return errorPage(missing, 404);
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return errorPage(
      s3Error("MethodNotAllowed", 405, "The specified method is not allowed against this resource.", {
        Method: request.method,
      }),
      405,
    );
  }
  const visit: Visit = { protocol: request.secure ? "https" : "http", host: request.host };
  const all = redirectAll(website, request.path, visit);
  if (all !== undefined) return redirectTo(all);
  const key = keyOfPath(request.path);
  if (key === undefined) return errorPage(s3Error("BadRequest", 400, "The address is not well-formed."), 400);
  const ruled = routeByRules(website, key, undefined, visit);
  if (ruled !== undefined) return redirectTo(ruled);

  const site = new Site(tools, bucketName, context, admit);
  const found = await site.fetch(documentOf(website, key), true);
  if ("output" in found) {
    const moved = found.output.WebsiteRedirectLocation;
    return moved === undefined
      ? page(found.output, found.output.ContentRange === undefined ? 200 : 206)
      : redirectTo({ location: moved, status: 301 });
  }
  const { error } = found;
  const status = error.statusCode ?? 500;
  if (status === 304) return { status, headers: error.headers, body: null };
  if (status !== 403 && status !== 404) return errorPage(error, status);
  // A folder without its slash: the index document lies one step further.
  if (key !== "" && !key.endsWith("/")) {
    const folder = await site.fetch(documentOf(website, `${key}/`), false);
    if ("output" in folder) return redirectTo({ location: `${request.path}/`, status: 302 });
  }
  const rescued = routeByRules(website, key, status, visit);
  if (rescued !== undefined) return redirectTo(rescued);
  const document = website.ErrorDocument?.Key;
  if (document !== undefined) {
    const own = await site.fetch(document, false);
    if ("output" in own) return page(own.output, status);
  }
  return errorPage(error, status);
}
