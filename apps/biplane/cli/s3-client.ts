/** Calls of an S3 endpoint, signed with our own signer. */
import { createHash } from "node:crypto";
import { encodeUri, presign, signRequest } from "#foundation/aws/sigv4";
import { CodedError } from "#foundation/errors";
import { type HttpReply, httpRequest } from "#foundation/http";
import type { AwsAccess } from "./find-cloud.ts";
import { objectOf, parseXmlAnswer, type XmlObject } from "./xml-answer.ts";

/** One call. Without a bucket it is a call of the service, without a key one of the bucket. */
export interface S3Call {
  readonly method?: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  readonly bucket?: string;
  readonly key?: string;
  /** Sub-resources have an empty value. */
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal;
}

/** Objects arrive in pieces; this long without one and the connection counts as dead. */
const TIMEOUT_MS = 60_000;

/** SHA-256 of nothing, which requests without a body are signed with. */
const NO_BYTES = new Uint8Array(0);

export interface S3Client {
  readonly access: AwsAccess;
  /** The answer, whose body is to be read or discarded. @throws CodedError with S3's code, HttpCallError */
  call(call: S3Call): Promise<HttpReply>;
  /** The answer's XML as an object, see {@link parseXmlAnswer}. */
  callXml(call: S3Call): Promise<XmlObject>;
  /** A URL that whoever has it may use until it expires. */
  presignedUrl(call: S3Call, expiresSeconds: number): string;
}

export function createS3Client(access: AwsAccess): S3Client {
  const { url } = access;
  const host = new URL(url).host;
  /** Regions of buckets that turned out to be elsewhere. */
  const regions = new Map<string, string>();
  const signingFor = (bucket: string | undefined) => ({
    credential: access,
    region: (bucket === undefined ? undefined : regions.get(bucket)) ?? access.region,
    service: "s3",
  });

  const call = async (request: S3Call): Promise<HttpReply> => {
    const { method = "GET", body = NO_BYTES } = request;
    const { path, query } = addressOf(request);
    const signed = signRequest(
      { method, path, query, headers: [["host", host], ["user-agent", "biplane-cli"], ...(request.headers ?? [])] },
      body,
      { ...signingFor(request.bucket), now: Date.now() },
    );
    const target = query === "" ? path : `${path}?${query}`;
    const reply = await httpRequest({
      url,
      target,
      method,
      headers: signed.headers,
      timeoutMs: TIMEOUT_MS,
      ...(method === "PUT" || method === "POST" ? { body } : {}),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    if (reply.status < 300) return reply;
    // A bucket is used under its own region; the endpoint says which, and the request is made once more.
    const { bucket } = request;
    const region = reply.headers.get("x-amz-bucket-region");
    if (bucket !== undefined && region !== undefined && reply.status <= 400 && !regions.has(bucket)) {
      await reply.discard();
      regions.set(bucket, region);
      return call(request);
    }
    throw await errorOf(reply, request);
  };
  return {
    access,
    call,
    async callXml(request) {
      return parseXmlAnswer(await (await call(request)).text());
    },
    presignedUrl(request, expiresSeconds) {
      const { path, query } = addressOf(request);
      const unsigned = { method: request.method ?? "GET", path, query, headers: [["host", host]] as const };
      return `${url}${path}?${presign(unsigned, { ...signingFor(request.bucket), now: Date.now(), expiresSeconds })}`;
    },
  };
}

function addressOf({ bucket, key, query = {} }: S3Call): { readonly path: string; readonly query: string } {
  const object =
    key === undefined
      ? ""
      : `/${key
          .split("/")
          .map((segment) => encodeUri(segment, false))
          .join("/")}`;
  const parts = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeUri(name, false)}=${encodeUri(String(value), false)}`],
  );
  return { path: bucket === undefined ? "/" : `/${encodeUri(bucket, false)}${object}`, query: parts.join("&") };
}

/** What S3 says went wrong. Answers to HEAD have no body: the status is all there is. */
async function errorOf(reply: HttpReply, { bucket, key }: S3Call): Promise<CodedError> {
  const { status } = reply;
  const about = key === undefined ? (bucket ?? "the service") : `s3://${bucket}/${key}`;
  let code = STATUS_CODES[status] ?? `Http${status}`;
  let message = `${about}: ${STATUS_TEXTS[status] ?? `the endpoint answered with status ${status}`}.`;
  try {
    const error = objectOf(parseXmlAnswer(await reply.text(256 * 1024)).Error);
    if (typeof error.Code === "string") code = error.Code;
    if (typeof error.Message === "string") message = `${about}: ${error.Message}`;
  } catch {
    // Not S3's error document.
  }
  return new CodedError(/^[A-Za-z][A-Za-z0-9_.]*$/.test(code) ? code : "UnexpectedAnswer", {
    status,
    retryable: status === 503 || status === 429,
    message,
  });
}

const STATUS_CODES: Readonly<Record<number, string>> = {
  403: "AccessDenied",
  404: "NotFound",
  503: "ServiceUnavailable",
};
const STATUS_TEXTS: Readonly<Record<number, string>> = {
  403: "access denied",
  404: "not found",
  503: "not available now",
};

/** Content-MD5, which some calls want with a body. */
export function contentMd5(body: Uint8Array): readonly [string, string] {
  return ["content-md5", createHash("md5").update(body).digest("base64")];
}
