/**
 * AWS's own policies: `arn:aws:iam::aws:policy/…`.
 *
 * Tools attach them by ARN, so that names, paths, ids and numbers of versions are AWS's. Documents are written anew: each permits what its
 * namesake permits for the services that exist here (S3, SQS, DynamoDB, IAM, STS, Lambda, Elastic Load Balancing, EC2, CloudWatch, CloudWatch Logs).
 * Permissions for other services are kept where a policy is about little else. Of the versions only the default one is kept.
 *
 * Source: AWS Managed Policy Reference Guide.
 */

import { type CompiledPolicy, compilePolicy, parsePolicy } from "#foundation/policy";
import { policiesOfElsewhere } from "./catalog/elsewhere.ts";
import { functionPolicies } from "./catalog/functions.ts";
import { identityPolicies } from "./catalog/identity.ts";
import { networkPolicies } from "./catalog/network.ts";
import { observationPolicies } from "./catalog/observation.ts";
import { storagePolicies } from "./catalog/storage.ts";
import { wholeAccountPolicies } from "./catalog/whole-account.ts";
import type { ManagedPolicySource } from "./source.ts";

/** A policy of AWS's own. The same object each time, so that it can be the key of caches. */
export class ManagedPolicy {
  /** `arn:aws:iam::aws:policy/service-role/AWSLambdaRole`. */
  readonly arn: string;
  readonly name: string;
  /** `/`, `/service-role/`, `/job-function/`, `/aws-service-role/`. */
  readonly path: string;
  /** `ANPA…`. */
  readonly id: string;
  readonly description: string;
  /**
   * Only a service's own role may have it: IAM refuses others with `PolicyNotAttachable`, "Cannot attach a Service Role Policy to a Customer Role.",
   * and yet answers `IsAttachable` true.
   */
  readonly forServiceLinkedRoles: boolean;
  /** `v1` … */
  readonly defaultVersionId: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** When the default version was made, epoch milliseconds. */
  readonly updatedAt: number;
  readonly #source: ManagedPolicySource;
  #document: string | undefined;
  #compiled: CompiledPolicy | undefined;

  constructor(source: ManagedPolicySource) {
    const lastSlash = source.name.lastIndexOf("/");
    this.arn = `${arnPrefix}${source.name}`;
    this.name = source.name.slice(lastSlash + 1);
    this.path = source.name.slice(0, lastSlash + 1);
    this.id = source.id;
    this.description = source.description;
    this.forServiceLinkedRoles = this.path === "/aws-service-role/";
    this.defaultVersionId = `v${source.version}`;
    this.createdAt = Date.parse(`${source.dates[0]}Z`);
    this.updatedAt = Date.parse(`${source.dates[1]}Z`);
    this.#source = source;
  }

  /** The JSON text of the default version, always the same. */
  get document(): string {
    this.#document ??= JSON.stringify(
      { Version: "2012-10-17", Statement: this.#source.statements.map(plain) },
      null,
      2,
    );
    return this.#document;
  }

  /** The default version, compiled when first asked for. */
  get compiled(): CompiledPolicy {
    this.#compiled ??= compilePolicy(parsePolicy(this.document, "identity"), this.arn);
    return this.#compiled;
  }
}

const arnPrefix = "arn:aws:iam::aws:policy";

/** Lists of one are written as AWS writes them, without the list. */
function plain(statement: ManagedPolicySource["statements"][number]): object {
  return Object.fromEntries(
    Object.entries(statement).map(([name, value]) => [
      name,
      Array.isArray(value) && value.length === 1 ? value[0] : value,
    ]),
  );
}

const policies: readonly ManagedPolicy[] = [
  ...wholeAccountPolicies,
  ...identityPolicies,
  ...storagePolicies,
  ...functionPolicies,
  ...networkPolicies,
  ...observationPolicies,
  ...policiesOfElsewhere,
]
  .map((source) => new ManagedPolicy(source))
  .sort((a, b) => (a.name < b.name ? -1 : 1));

const byArn = new Map(policies.map((policy) => [policy.arn, policy]));

/** The policy with an ARN; undefined when there is none, as in other partitions. */
export function managedPolicy(arn: string): ManagedPolicy | undefined {
  return byArn.get(arn);
}

/** All of them, by name. */
export function managedPolicies(): readonly ManagedPolicy[] {
  return policies;
}
