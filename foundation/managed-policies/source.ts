/** How the catalog writes policies down: short enough to be read. */

/** A statement as it stands in a document. */
export interface Statement {
  readonly Effect: "Allow" | "Deny";
  readonly Action?: readonly string[];
  readonly NotAction?: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** One managed policy. */
export interface ManagedPolicySource {
  /** Path and name, as they stand in the ARN: `/service-role/AWSLambdaRole`. */
  readonly name: `/${string}`;
  /** `ANPA…`, the one that AWS gave it: tools and records know policies by it. */
  readonly id: string;
  /** Number of the version that is the default. */
  readonly version: number;
  /** UTC, without a zone: when the policy was made, and when this version of it was. */
  readonly dates: readonly [created: string, updated: string];
  readonly description: string;
  readonly statements: readonly Statement[];
}

/** An `Allow`. `actions` are separated by white space. */
export function allow(
  actions: string,
  resource: Statement["Resource"] = "*",
  condition?: Statement["Condition"],
): Statement {
  const statement = { Effect: "Allow", Action: words(actions), Resource: resource } as const;
  return condition === undefined ? statement : { ...statement, Condition: condition };
}

/** Actions that begin alike: `each("ec2:Create", "Vpc Subnet")`. */
export function each(prefix: string, endings: string): string {
  return words(endings)
    .map((ending) => prefix + ending)
    .join(" ");
}

/** Making the roles that services use for themselves. */
export function allowServiceLinkedRole(resource: string, ...services: readonly string[]): Statement {
  return allow("iam:CreateServiceLinkedRole", resource, { StringEquals: { "iam:AWSServiceName": services } });
}

/** Handing roles to services. */
export function allowPassRole(...services: readonly string[]): Statement {
  return allow("iam:PassRole", "*", { StringEquals: { "iam:PassedToService": services } });
}

export function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

/** What a function, an agent or a gateway needs to write its log. */
export const writeLogs = "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents";
