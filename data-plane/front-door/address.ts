/** How the client addressed the endpoint: which host names are ours, and whether a bucket stands in front of them. */
import type { HttpRequest } from "#foundation/http";

/** Names under which buckets may be addressed as host names, lower case, without port: `localhost`, `s3.localhost` … */
export interface EndpointNames {
  readonly baseDomains: readonly string[];
}

export interface AddressedRequest {
  readonly request: HttpRequest;
  /** The bucket of virtual-host style addressing (`photos.s3.localhost:4566`), undefined for path style. */
  readonly bucket: string | undefined;
  /** True for `<bucket>.s3-website.<base domain>`: answered as a website, not as the API. */
  readonly website: boolean;
  /** Scheme, host and port as the client named them, for URLs in answers. */
  readonly endpoint: string;
}

/**
 * Splits the `Host` header. IP addresses and unknown hosts are path style: the name of a proxy in front must not be taken for a bucket.
 */
export function addressOf(request: HttpRequest, names: EndpointNames): AddressedRequest {
  const { host } = request;
  const endpoint = `${request.secure ? "https" : "http"}://${host}`;
  // The usual host begins with a digit (an address) or is a base domain: no work for these.
  const first = host.charCodeAt(0);
  if ((first >= 0x30 && first <= 0x39 && isAddress(host)) || first === 0x5b)
    return { request, bucket: undefined, website: false, endpoint };
  const colon = host.indexOf(":");
  const name = (colon === -1 ? host : host.slice(0, colon)).toLowerCase();
  for (const base of names.baseDomains) {
    if (!name.endsWith(base) || name.length <= base.length + 1) continue;
    if (name.charCodeAt(name.length - base.length - 1) !== 0x2e) continue;
    const rest = name.slice(0, name.length - base.length - 1);
    if (rest.endsWith(".s3-website"))
      return { request, bucket: rest.slice(0, -".s3-website".length), website: true, endpoint };
    // `s3.localhost` is the endpoint itself, `photos.s3.localhost` the bucket `photos`.
    if (rest === "s3") return { request, bucket: undefined, website: false, endpoint };
    const bucket = rest.endsWith(".s3") ? rest.slice(0, -3) : rest;
    return { request, bucket, website: false, endpoint };
  }
  return { request, bucket: undefined, website: false, endpoint };
}

function isAddress(host: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}(:\d+)?$/.test(host);
}
