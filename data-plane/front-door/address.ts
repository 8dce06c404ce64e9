/** How the client addressed the endpoint: which host names are ours, and whether a bucket stands in front of them. */
import { AwsError } from "#foundation/aws";
import type { HttpRequest } from "#foundation/http";

/** Names under which buckets may be addressed as host names, lower case, without port: `localhost`, `s3.localhost` … */
export interface EndpointNames {
  readonly baseDomains: readonly string[];
}

export interface AddressedRequest {
  readonly request: HttpRequest;
  /** The bucket of virtual-host style addressing (`photos.s3.localhost:4566`), undefined for path style. Never empty. */
  readonly bucket: string | undefined;
  /** What follows the bucket and a dot in the host name, without port; undefined for path style. */
  readonly domain: string | undefined;
  /** True for `<bucket>.s3-website.<base domain>`: answered as a website, not as the API. */
  readonly website: boolean;
  /** Scheme, host and port as the client named them, for URLs in answers. */
  readonly endpoint: string;
}

/** What a host name says. */
type Hosted = Pick<AddressedRequest, "bucket" | "domain" | "website">;

const PATH_STYLE: Hosted = { bucket: undefined, domain: undefined, website: false };

const REGION = "[a-z]{2}(?:-[a-z]+)+-\\d";
/** The service's own labels behind a bucket: `s3`, `s3.eu-west-1`, `s3-eu-west-1`, and `s3-website` with the same endings. */
const SERVICE_LABELS = new RegExp(`(?:^|\\.)s3(-website)?(?:[.-]${REGION})?$`);

/**
 * Splits the `Host` header. IP addresses and unknown hosts are path style: the name of a proxy in front must not be taken for a bucket.
 *
 * Sources: S3 User Guide, "Virtual hosting of general purpose buckets", "Website endpoints".
 *
 * @example
 * addressOf(request, { baseDomains: ["localhost"] }).bucket; // "photos" for photos.localhost, photos.s3.localhost, photos.s3.eu-west-1.localhost
 */
export function addressOf(request: HttpRequest, names: EndpointNames): AddressedRequest {
  const { host } = request;
  const endpoint = `${request.secure ? "https" : "http"}://${host}`;
  // The usual host is an address and needs no search.
  const first = host.charCodeAt(0);
  const isAddress = first === 0x5b || (first >= 0x30 && first <= 0x39 && ADDRESS.test(host));
  const { bucket, domain, website } = isAddress ? PATH_STYLE : hostedBucket(host, names.baseDomains);
  return { request, bucket, domain, website, endpoint };
}

const ADDRESS = /^\d{1,3}(\.\d{1,3}){3}(:\d+)?$/;

function hostedBucket(host: string, baseDomains: readonly string[]): Hosted {
  const colon = host.indexOf(":");
  const name = (colon === -1 ? host : host.slice(0, colon)).toLowerCase();
  for (const base of baseDomains) {
    const end = name.length - base.length - 1;
    if (end < 1 || name.charCodeAt(end) !== 0x2e || !name.endsWith(base)) continue;
    const labels = name.slice(0, end);
    // Below a base that is S3's own (`s3.localhost`) every label belongs to the bucket.
    const service = base.startsWith("s3.") ? null : SERVICE_LABELS.exec(labels);
    const bucket = service === null ? labels : labels.slice(0, service.index);
    if (bucket === "") return PATH_STYLE;
    return { bucket, domain: name.slice(bucket.length + 1), website: service?.[1] !== undefined };
  }
  return PATH_STYLE;
}

/**
 * An absolute-form target names a host by itself (RFC 9112 §3.2.2). Signatures cover the `Host` header, so that the two must not differ.
 *
 * @throws AwsError `InvalidHostHeader`
 */
export function expectOneHost(request: HttpRequest): void {
  if (request.target.charCodeAt(0) === 0x2f) return;
  const header = request.headers.get("host");
  if (header === undefined || header.toLowerCase() === request.host.toLowerCase()) return;
  throw new AwsError("InvalidHostHeader", "The host in the request target is not the one in the Host header.", {
    statusCode: 400,
  });
}
