/** What may stand in the sections of a bucket's configuration, as far as the control plane must know. Pure. */
import { BUCKET_SECTIONS, type BucketSection } from "#contracts";

/** Largest text of one section: the largest that S3 itself takes, 20 KiB of policy and a lifecycle configuration of 1,000 rules, stay well below 128 KiB. */
export const SECTION_BYTES_MAX = 128 * 1024;

/** Bucket policies (S3 User Guide, "Bucket policies": 20 KB). */
export const BUCKET_POLICY_BYTES_MAX = 20 * 1024;

const KNOWN: ReadonlySet<string> = new Set(BUCKET_SECTIONS);

/** Follows from the policy. */
const DERIVED: BucketSection = "policyPrincipals";

/** Whether a section of this name may be put. */
export function isBucketSection(name: string): name is BucketSection {
  return KNOWN.has(name) && name !== DERIVED;
}

/** What is wrong with the value of a section, as a sentence; undefined when nothing is. The data plane has checked the value against S3's own shapes. */
export function sectionProblem(section: BucketSection, value: unknown): string | undefined {
  if (section === "policy") return policyProblem(value);
  if (typeof value !== "object" || value === null) return `The section ${section} holds a structure`;
  if (Buffer.byteLength(JSON.stringify(value), "utf8") > SECTION_BYTES_MAX) {
    return `The section ${section} is larger than ${SECTION_BYTES_MAX} bytes`;
  }
  if (section === "versioning" && !["Enabled", "Suspended"].includes(String(versioningStatus(value)))) {
    return "The status of versioning is Enabled or Suspended";
  }
  return undefined;
}

function policyProblem(value: unknown): string | undefined {
  if (typeof value !== "string") return "The section policy holds the policy's text";
  if (Buffer.byteLength(value, "utf8") > BUCKET_POLICY_BYTES_MAX) {
    return `A bucket policy has at most ${BUCKET_POLICY_BYTES_MAX} bytes`;
  }
  try {
    const policy: unknown = JSON.parse(value);
    return typeof policy === "object" && policy !== null ? undefined : "Policies must be valid JSON";
  } catch {
    return "Policies must be valid JSON";
  }
}

/** The `Status` of a `VersioningConfiguration`, whatever it is. */
export function versioningStatus(value: unknown): unknown {
  return typeof value === "object" && value !== null && "Status" in value ? value.Status : undefined;
}
