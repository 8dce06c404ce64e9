/** What the control plane itself knows of each kind of regional resource. The data plane that serves it has checked AWS's own rules before. Pure. */
import { RESOURCE_SECTIONS, type ResourceKind } from "#contracts";

export interface ResourceRules {
  /** For sentences: "queue". */
  readonly noun: string;
  /** Most of them in one region of one account. */
  readonly perRegionMax: number;
  /** What is wrong with a name, as a sentence; undefined when nothing is. */
  nameProblem(name: string): string | undefined;
  /** Sections without which there is no such resource: given at its creation, never removed or replaced. */
  readonly fixed: readonly string[];
  /** Policies, and the sections that hold what follows from them: whom they mean. */
  readonly policies: readonly PolicyPlace[];
}

export interface PolicyPlace {
  /** The section that the policy stands in. */
  readonly section: string;
  /** Its text; undefined where there is none. */
  textOf(value: unknown): unknown;
  /** The section that follows from it. */
  readonly principals: string;
}

/** Largest text of one section: 100 global indexes with 20 projected attributes of 255 characters are the largest that AWS itself would take. */
export const RESOURCE_SECTION_BYTES_MAX = 256 * 1024;

/** SQS API Reference, CreateQueue: up to 80 letters, digits, hyphens and underscores; `.fifo` ends the name of a FIFO queue and counts. */
const QUEUE_NAME = /^(?:[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo)$/;

/** DynamoDB API Reference, CreateTable. */
const TABLE_NAME = /^[A-Za-z0-9_.-]{3,255}$/;

export const RESOURCE_RULES: { readonly [Kind in ResourceKind]: ResourceRules } = {
  queue: {
    noun: "queue",
    // AWS has no limit; a catalog in memory has one.
    perRegionMax: 100_000,
    nameProblem: (name) =>
      QUEUE_NAME.test(name)
        ? undefined
        : "A queue name has 1 to 80 letters, digits, hyphens and underscores; the name of a FIFO queue ends with .fifo",
    fixed: [],
    policies: [
      {
        section: "attributes",
        textOf: (value) => (value as { readonly Policy?: unknown } | null)?.Policy,
        principals: "policyPrincipals",
      },
    ],
  },
  table: {
    noun: "table",
    // Amazon DynamoDB Developer Guide, "Quotas": 2,500 by default, 10,000 on request.
    perRegionMax: 10_000,
    nameProblem: (name) =>
      TABLE_NAME.test(name) ? undefined : "A table name has 3 to 255 letters, digits, underscores, hyphens and dots",
    fixed: ["keySchema", "localIndexes"],
    policies: [
      { section: "policy", textOf: (value) => value, principals: "policyPrincipals" },
      { section: "streamPolicy", textOf: (value) => value, principals: "streamPolicyPrincipals" },
    ],
  },
};

/** What is wrong with the sections of a command, as a sentence; undefined when nothing is. */
export function sectionsProblem(kind: ResourceKind, sections: object, at: "create" | "configure"): string | undefined {
  const known: readonly string[] = RESOURCE_SECTIONS[kind];
  const { noun, fixed, policies } = RESOURCE_RULES[kind];
  const derived = policies.map(({ principals }) => principals);
  for (const [section, value] of Object.entries(sections)) {
    if (!known.includes(section) || derived.includes(section)) return `A ${noun} has no section ${section}`;
    if (value === undefined) continue;
    if (at === "create" && value === null) return `The section ${section} must hold something`;
    if (at === "configure" && fixed.includes(section)) return `The section ${section} of a ${noun} never changes`;
    if (Buffer.byteLength(JSON.stringify(value), "utf8") > RESOURCE_SECTION_BYTES_MAX) {
      return `The section ${section} is larger than ${RESOURCE_SECTION_BYTES_MAX} bytes`;
    }
  }
  if (at === "create" && kind === "table" && !("keySchema" in sections)) return "A table has a key schema";
  return undefined;
}
