/** Names of general purpose buckets (S3 User Guide, "General purpose bucket naming rules"). */

const LENGTH_MIN = 3;
const LENGTH_MAX = 63;
const RESERVED_PREFIXES = ["xn--", "sthree-", "amzn-s3-demo-"];
const RESERVED_SUFFIXES = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

/** What is wrong with a name, as the end of a sentence; undefined for a good one. */
export function bucketNameProblem(name: string): string | undefined {
  if (name.length < LENGTH_MIN || name.length > LENGTH_MAX)
    return `a name has ${LENGTH_MIN} to ${LENGTH_MAX} characters`;
  if (!/^[a-z0-9.-]+$/.test(name)) return "a name has only lower-case letters, digits, dots and hyphens";
  if (!/^[a-z0-9].*[a-z0-9]$/.test(name)) return "a name begins and ends with a letter or digit";
  if (name.includes("..")) return "a name has no two dots in a row";
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(name)) return "a name is not formatted as an IP address";
  const prefix = RESERVED_PREFIXES.find((reserved) => name.startsWith(reserved));
  if (prefix !== undefined) return `the prefix ${prefix} is reserved`;
  const suffix = RESERVED_SUFFIXES.find((reserved) => name.endsWith(reserved));
  if (suffix !== undefined) return `the suffix ${suffix} is reserved`;
  return undefined;
}
