/**
 * A table's record as the operations ask it: keys, indexes and policies worked out once.
 *
 * Records are immutable and replaced whole, so that a record's identity is the key of the cache and nothing has to be invalidated.
 */
import type { PolicyPrincipals, TableRecord } from "#contracts";
import { compileResourcePolicy } from "#data-plane/principals";
import type { CompiledPolicy } from "#foundation/policy";
import { type IndexDefinition, type TableDefinition, tableDefinition } from "../engine/index.ts";
import { indexArn, streamArn, tableArn } from "../rules/arns.ts";
import { type IndexKeyAttribute, indexKeyAttributes } from "../rules/index-keys.ts";
import { type TableKeys, tableKeys } from "../rules/keys.ts";
import { settingsOf } from "../rules/settings.ts";

export interface IndexView {
  readonly name: string;
  readonly kind: "local" | "global";
  readonly arn: string;
  readonly definition: IndexDefinition;
  /** Key attributes of the index. */
  readonly keyNames: readonly string[];
  /** What an ExclusiveStartKey holds: the table's key attributes and those of the index, each once. */
  readonly startKeyNames: readonly string[];
  /** Top-level attributes that are in the index; undefined when all are. */
  readonly attributes: ReadonlySet<string> | undefined;
}

export class TableView {
  readonly record: TableRecord;
  readonly arn: string;
  readonly definition: TableDefinition;
  readonly keys: TableKeys;
  readonly indexes: ReadonlyMap<string, IndexView>;
  /** Attributes that an index wants to be of a certain type. */
  readonly indexKeys: readonly IndexKeyAttribute[];
  /** Items with one hash key form a collection, whose size can be asked for. */
  readonly hasLocalIndexes: boolean;
  readonly provisioned: boolean;
  /** Being filled from a backup, unless `ready`. */
  readonly restoring: boolean;
  /** Set once the engine has the table as this record describes it. */
  ready = false;
  #policy: CompiledPolicy | null | undefined;
  #streamPolicy: CompiledPolicy | null | undefined;

  constructor(record: TableRecord) {
    this.record = record;
    this.arn = tableArn(record);
    this.definition = tableDefinition(record);
    this.keys = tableKeys(this.definition.keys);
    const { localIndexes, globalIndexes } = this.definition;
    const names = this.keys.names;
    this.indexes = new Map([
      ...localIndexes.map((index) => [index.name, indexView(record, names, "local", index)] as const),
      ...globalIndexes.map((index) => [index.name, indexView(record, names, "global", index)] as const),
    ]);
    this.indexKeys = indexKeyAttributes(this.definition);
    this.hasLocalIndexes = localIndexes.length > 0;
    this.restoring = settingsOf(record).restore?.inProgress === true;
    this.provisioned = record.sections.billing?.mode !== "PAY_PER_REQUEST";
  }

  get name(): string {
    return this.record.name;
  }

  /** The ARN of the stream that is enabled now. */
  get streamArn(): string | undefined {
    const { stream } = this.record.sections;
    return stream === undefined ? undefined : streamArn(this.record, stream.label);
  }

  get policy(): CompiledPolicy | undefined {
    const { policy, policyPrincipals } = this.record.sections;
    this.#policy ??= compiled(policy, policyPrincipals) ?? null;
    return this.#policy ?? undefined;
  }

  /** The policy of the stream that is enabled now. */
  get streamPolicy(): CompiledPolicy | undefined {
    const { streamPolicy, streamPolicyPrincipals } = this.record.sections;
    this.#streamPolicy ??= compiled(streamPolicy, streamPolicyPrincipals) ?? null;
    return this.#streamPolicy ?? undefined;
  }
}

function indexView(
  record: TableRecord,
  tableKeyNames: readonly string[],
  kind: IndexView["kind"],
  definition: IndexDefinition,
): IndexView {
  const { name, keys, projection } = definition;
  const keyNames = [...keys.hash, ...keys.range].map((attribute) => attribute.name);
  const startKeyNames = [...new Set([...tableKeyNames, ...keyNames])];
  const included = projection.type === "INCLUDE" ? projection.attributes : [];
  return {
    name,
    kind,
    arn: indexArn(record, name),
    definition,
    keyNames,
    startKeyNames,
    attributes: projection.type === "ALL" ? undefined : new Set([...startKeyNames, ...included]),
  };
}

function compiled(text: string | undefined, principals: PolicyPrincipals | undefined): CompiledPolicy | undefined {
  return text === undefined ? undefined : compileResourcePolicy(text, principals);
}
