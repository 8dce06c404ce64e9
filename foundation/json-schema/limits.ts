/** How large schemas may be: limits against those that are made to keep somebody busy. */

export interface SchemaLimits {
  /** Schemas in schemas in schemas, not counting those that are referred to. */
  readonly depthMax: number;
  /** Schemas that are reached, through references too. */
  readonly schemasMax: number;
  /** Characters of the text that is written. */
  readonly textMax: number;
}

export const DEFAULT_LIMITS: SchemaLimits = { depthMax: 200, schemasMax: 20_000, textMax: 16_000_000 };

/** Of a whole document: deeper ones would use up the stack while they are copied, larger ones the memory (parts that are shared count each time). */
export const DOCUMENT_MAX = { levels: 1_000, values: 20_000_000 };
