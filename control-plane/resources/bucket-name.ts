/** Names of general purpose buckets (S3 User Guide, "General purpose bucket naming rules"). Pure. */
import { type AccountId, CLOUD_BUCKET_PREFIX } from "#contracts";

const FORM = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const LIKE_AN_ADDRESS = /^\d+\.\d+\.\d+\.\d+$/;
const RESERVED_PREFIXES: readonly string[] = ["xn--", "sthree-", "amzn-s3-demo-"];
/** Aliases of access points, Object Lambda, Multi-Region Access Points, directory buckets, table buckets. */
const RESERVED_SUFFIXES: readonly string[] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

/** What is wrong with a bucket name, as a sentence; undefined when nothing is. */
export function bucketNameProblem(name: string): string | undefined {
  if (!FORM.test(name)) {
    return "A bucket name has 3 to 63 lower-case letters, digits, dots and hyphens, and begins and ends with a letter or digit";
  }
  if (name.includes("..")) return "A bucket name has no two dots in a row";
  if (LIKE_AN_ADDRESS.test(name)) return "A bucket name does not look like an IP address";
  const prefix = RESERVED_PREFIXES.find((reserved) => name.startsWith(reserved));
  if (prefix !== undefined) return `Bucket names that begin with ${prefix} are reserved`;
  const suffix = RESERVED_SUFFIXES.find((reserved) => name.endsWith(reserved));
  if (suffix !== undefined) return `Bucket names that end with ${suffix} are reserved`;
  return undefined;
}

/** A bucket of the cloud's own is for the org that its name says. @param accountId who wants it */
export function cloudBucketProblem(name: string, accountId: AccountId): string | undefined {
  const owner = CLOUD_BUCKET.exec(name)?.[1];
  if (owner === undefined || owner === accountId) return undefined;
  return `Bucket names of the form ${CLOUD_BUCKET_PREFIX}<account id> are reserved for that account`;
}

const CLOUD_BUCKET = new RegExp(`^${CLOUD_BUCKET_PREFIX}(\\d{12})$`);

const REGION = /^[a-z]{2}(?:-[a-z]+){1,3}-\d{1,2}$/;

/** What is wrong with the name of a region. */
export function regionProblem(region: string): string | undefined {
  return REGION.test(region) ? undefined : "The region's name is not valid; an example is us-east-1";
}
