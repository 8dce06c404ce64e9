/** The errors of the pure rooms of tables. */

/**
 * A request that AWS would refuse with `ValidationException`, with AWS's message.
 *
 * The service turns it into an `AwsError`; nothing else about it reaches the client.
 */
export class TableValidation extends Error {
  override readonly name: string = "TableValidation";
}

/**
 * An attribute value that breaks the rules of its type.
 *
 * AWS words some of these differently by operation. PutItem, UpdateItem and DeleteItem answer `1 validation error detected: ` and `message`;
 * GetItem, BatchGetItem and Query answer `message` alone; BatchWriteItem, Scan and the transactions answer `olderMessage`.
 */
export class InvalidValue extends TableValidation {
  override readonly name = "InvalidValue";
  readonly olderMessage: string;

  constructor(message: string, olderMessage: string = message) {
    super(message);
    this.olderMessage = olderMessage;
  }
}

/**
 * JSON of a shape that an attribute value cannot have, such as a number where text is due. AWS answers `SerializationException`. The codec of the front door does not look into
 * attribute values.
 */
export class TableSerialization extends Error {
  override readonly name = "TableSerialization";
}
