/** A registry in the test's own process, with the faults that real ones have. */

import { type HttpRequest, type HttpResponse, type HttpServer, serveHttp } from "#foundation/http";
import type { Digest } from "../content/digest.ts";
import type { Descriptor } from "../content/manifest.ts";
import { isIndexType, isManifestType } from "../content/media-types.ts";

export interface RegistryRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

/** What goes wrong with one request: given the request and how often its path was asked for before. */
export type Fault = (request: RegistryRequest, earlier: number) => HttpResponse | undefined;

export interface TestRegistryOptions {
  readonly documents: Readonly<Record<string, Descriptor>>;
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
  /** Wants a token, which its own service gives to this user. */
  readonly user?: { readonly username: string; readonly password: string };
  /** Asks for Basic instead. */
  readonly basic?: boolean;
  readonly fault?: Fault;
  /** Sends everything whatever the range. */
  readonly ignoresRanges?: boolean;
  /** Where blobs are instead, as `http://host:port`. */
  readonly redirectTo?: string;
}

export interface TestRegistry {
  /** `127.0.0.1:port` */
  readonly host: string;
  readonly requests: RegistryRequest[];
  close(): Promise<void>;
}

const TOKEN = "the-token";

/** Serves `/v2/app/…`: documents by tag or digest, blobs by digest. */
export async function startRegistry(options: TestRegistryOptions): Promise<TestRegistry> {
  const requests: RegistryRequest[] = [];
  let server: HttpServer | undefined;
  const answer = (request: HttpRequest): HttpResponse => {
    const authorization = request.headers.get("authorization");
    const seen = { path: request.path, authorization, range: request.headers.get("range") };
    const earlier = requests.filter(({ path }) => path === request.path).length;
    requests.push(seen);
    if (request.path === "/token") return token(options, request);
    const fault = options.fault?.(seen, earlier);
    if (fault !== undefined) return fault;
    const allowed = options.basic ? basicOf(options) : `Bearer ${TOKEN}`;
    if (options.user !== undefined && authorization !== allowed) {
      const realm = `Bearer realm="${server!.url}/token",service="test",scope="repository:app:pull"`;
      return { status: 401, headers: [["WWW-Authenticate", options.basic ? 'Basic realm="test"' : realm]] };
    }
    const [, kind, name = ""] = /^\/v2\/app\/(manifests|blobs)\/(.+)$/.exec(request.path) ?? [];
    const described = options.documents[name] ?? { digest: name as Digest, mediaType: mediaTypeOf(options, name) };
    const bytes = options.blobs.get(described.digest);
    if (bytes === undefined || (kind === "manifests") !== isDocument(described.mediaType)) return { status: 404 };
    if (kind === "blobs" && options.redirectTo !== undefined) {
      return { status: 307, headers: [["Location", `${options.redirectTo}${request.path}`]] };
    }
    const start = options.ignoresRanges ? 0 : Number(/^bytes=(\d+)-$/.exec(seen.range ?? "")?.[1] ?? 0);
    const headers: [string, string][] = [["Content-Type", described.mediaType]];
    if (start === 0) return { status: 200, headers, body: bytes };
    headers.push(["Content-Range", `bytes ${start}-${bytes.length - 1}/${bytes.length}`]);
    return { status: 206, headers, body: bytes.subarray(start) };
  };
  server = await serveHttp({ port: 0, handler: async (request) => answer(request) });
  return { host: `127.0.0.1:${server.port}`, requests, close: () => server.close(0) };
}

function isDocument(type: string): boolean {
  return isManifestType(type) || isIndexType(type);
}

function mediaTypeOf(options: TestRegistryOptions, digest: string): string {
  const known = Object.values(options.documents).find((document) => document.digest === digest);
  return known?.mediaType ?? "application/octet-stream";
}

function basicOf({ user }: TestRegistryOptions): string {
  return `Basic ${btoa(`${user!.username}:${user!.password}`)}`;
}

function token(options: TestRegistryOptions, request: HttpRequest): HttpResponse {
  if (request.headers.get("authorization") !== basicOf(options)) return { status: 401 };
  return {
    status: 200,
    headers: [["Content-Type", "application/json"]],
    body: JSON.stringify({ token: TOKEN, expires_in: 300 }),
  };
}

/** The first `length` bytes of an answer that promised more, and then nothing: the connection breaks. */
export function brokenOff(bytes: Uint8Array, length: number, mediaType = "application/octet-stream"): HttpResponse {
  const body = (async function* () {
    yield bytes.subarray(0, length);
    throw new Error("The test breaks the connection.");
  })();
  return { status: 200, headers: [["Content-Type", mediaType]], contentLength: bytes.length, body };
}
