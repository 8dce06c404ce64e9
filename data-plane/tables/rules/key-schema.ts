/** Key schemas of tables and indexes, as CreateTable and UpdateTable check them (DynamoDB API Reference, KeySchemaElement). Pure. */
import type { TableAttribute, TableKeyElement } from "#contracts";
import { TableValidation } from "#data-plane/tables/values";
import type { DynamoDB } from "#foundation/aws";

const INVALID = "One or more parameter values were invalid: ";

/** Attributes of one role in the key of a global index (multi-attribute keys, November 2025). */
const INDEX_KEY_ATTRIBUTES_MAX = 4;
const TABLE_KEY_ATTRIBUTES_MAX = 2;

export const keyElements = (schema: readonly DynamoDB.KeySchemaElement[]): readonly TableKeyElement[] =>
  schema.map(({ AttributeName, KeyType }) => ({ attribute: AttributeName, role: KeyType }));

export const attributeTypes = (definitions: readonly DynamoDB.AttributeDefinition[]): readonly TableAttribute[] =>
  definitions.map(({ AttributeName, AttributeType }) => ({ attribute: AttributeName, type: AttributeType }));

/**
 * Checks the schema of a table, or of an index that has the same form.
 * @throws TableValidation
 */
export function checkKeySchema(schema: readonly TableKeyElement[], definitions: readonly TableAttribute[]): void {
  if (schema.length > TABLE_KEY_ATTRIBUTES_MAX) {
    const elements = schema.map(
      ({ attribute, role }) => `KeySchemaElement(attributeName=${attribute}, keyType=${role})`,
    );
    throw new TableValidation(
      `1 validation error detected: Value '[${elements.join(", ")}]' at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to ${TABLE_KEY_ATTRIBUTES_MAX}`,
    );
  }
  if (schema.length > definitions.length) {
    throw new TableValidation("Invalid KeySchema: Some index key attribute have no definition");
  }
  expectDefined(schema, definitions);
  const [first, second] = schema;
  if (second !== undefined && first?.attribute === second.attribute) {
    throw new TableValidation("Both the Hash Key and the Range Key element in the KeySchema have the same name");
  }
  if (first?.role !== "HASH") {
    throw new TableValidation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  }
  if (second !== undefined && second.role !== "RANGE") {
    throw new TableValidation("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
  }
}

/**
 * Checks the schema of a global index: up to four hash attributes, then up to four range attributes.
 * @throws TableValidation
 */
export function checkGlobalKeySchema(
  index: string,
  schema: readonly TableKeyElement[],
  definitions: readonly TableAttribute[],
): void {
  if (schema.length <= TABLE_KEY_ATTRIBUTES_MAX && schema[1]?.role !== "HASH") {
    checkKeySchema(schema, definitions);
    return;
  }
  expectDefined(schema, definitions);
  const hashes = schema.filter(({ role }) => role === "HASH").length;
  if (schema.slice(0, hashes).some(({ role }) => role !== "HASH")) {
    throw new TableValidation(
      `Invalid KeySchema: The HASH key attributes of index ${index} do not stand before its RANGE key attributes`,
    );
  }
  for (const [role, count] of [
    ["HASH", hashes],
    ["RANGE", schema.length - hashes],
  ] as const) {
    if (count > INDEX_KEY_ATTRIBUTES_MAX) {
      throw new TableValidation(
        `${INVALID}Number of ${role} key attributes exceeds the limit of ${INDEX_KEY_ATTRIBUTES_MAX} for index: ${index}`,
      );
    }
  }
  if (hashes === 0) throw new TableValidation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  if (new Set(schema.map(({ attribute }) => attribute)).size < schema.length) {
    throw new TableValidation(`${INVALID}Duplicate attribute in the KeySchema of index: ${index}`);
  }
}

function expectDefined(schema: readonly TableKeyElement[], definitions: readonly TableAttribute[]): void {
  const defined = new Set(definitions.map(({ attribute }) => attribute));
  if (schema.every(({ attribute }) => defined.has(attribute))) return;
  const keys = schema.map(({ attribute }) => attribute).join(", ");
  throw new TableValidation(
    `${INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [${keys}], AttributeDefinitions: [${[...defined].join(", ")}]`,
  );
}

/**
 * Checks the definitions themselves, and that no more attributes are defined than used.
 * @param used names of the key attributes of the table and all its indexes
 * @throws TableValidation
 */
export function checkAttributeDefinitions(
  definitions: readonly TableAttribute[],
  used: ReadonlySet<string>,
  hasIndexes: boolean,
): void {
  const names = definitions.map(({ attribute }) => attribute);
  if (names.every((name) => used.has(name))) return;
  if (!hasIndexes) {
    throw new TableValidation(
      `${INVALID}Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions`,
    );
  }
  throw new TableValidation(
    `${INVALID}Some AttributeDefinitions are not used. AttributeDefinitions: [${names.join(", ")}], keys used: [${[...used].join(", ")}]`,
  );
}

/** @throws TableValidation for an attribute that is defined twice */
export function checkDistinctDefinitions(definitions: readonly TableAttribute[]): void {
  const seen = new Set<string>();
  for (const { attribute } of definitions) {
    if (seen.has(attribute)) {
      throw new TableValidation(`${INVALID}Duplicate AttributeName in AttributeDefinitions: ${attribute}`);
    }
    seen.add(attribute);
  }
}
