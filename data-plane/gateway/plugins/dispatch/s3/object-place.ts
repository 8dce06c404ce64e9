/** Where an object is: which server, which path. Pure. */
import { encodeUri } from "#foundation/aws/sigv4";
import { type Upstream, upstreamOf } from "../../upstream-address.ts";

export interface ObjectPlace {
  readonly upstream: Upstream;
  /** Percent-encoded, as it is signed and sent. */
  readonly path: string;
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const KEY_BYTES_MAX = 1024;

/** A name becomes part of a host: nothing but names of buckets may. */
export function isBucket(name: string): boolean {
  return BUCKET.test(name) && !name.includes("..");
}

/** Servers in between take `.` and `..` for something else. */
export function isKey(key: string): boolean {
  if (key === "" || Buffer.byteLength(key) > KEY_BYTES_MAX) return false;
  return !key.split("/").some((segment) => segment === "." || segment === "..");
}

/** @param endpoint address of the store; a path in it stands before everything */
export function objectPlaces(endpoint: string, forcesPath: boolean): (bucket: string, key: string) => ObjectPlace {
  const byPath = upstreamOf(endpoint);
  const isSecure = byPath.origin.tls !== undefined;
  return (bucket, key) => {
    const encoded = encodeUri(key, true);
    // Certificates are for one name below the store's.
    if (forcesPath || (isSecure && bucket.includes("."))) {
      return { upstream: byPath, path: `${byPath.basePath}/${bucket}/${encoded}` };
    }
    const url = new URL(endpoint);
    url.hostname = `${bucket}.${url.hostname}`;
    return { upstream: upstreamOf(url.href), path: `${byPath.basePath}/${encoded}` };
  };
}
