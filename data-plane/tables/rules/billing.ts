/** How a table is paid for, which decides what throughput it may have (DynamoDB API Reference, BillingMode, ProvisionedThroughput, OnDemandThroughput). Pure. */
import type { TableBilling, TableThroughput } from "#contracts";
import { TableValidation } from "#data-plane/tables/values";
import type { DynamoDB } from "#foundation/aws";

const INVALID = "One or more parameter values were invalid: ";

/** What DynamoDB itself takes for a number of units. */
const UNITS_MAX = 1_000_000_000_000;

export const throughputOf = ({
  ReadCapacityUnits,
  WriteCapacityUnits,
}: DynamoDB.ProvisionedThroughput): TableThroughput => ({
  read: ReadCapacityUnits,
  write: WriteCapacityUnits,
});

/** @throws TableValidation */
export function checkBounds({ ReadCapacityUnits, WriteCapacityUnits }: DynamoDB.ProvisionedThroughput): void {
  for (const [name, units] of Object.entries({ ReadCapacityUnits, WriteCapacityUnits })) {
    if (units > UNITS_MAX) throw new TableValidation(`Given value ${units} for ${name} is out of bounds`);
  }
}

interface AskedBilling {
  readonly BillingMode?: DynamoDB.BillingMode;
  readonly ProvisionedThroughput?: DynamoDB.ProvisionedThroughput;
  readonly OnDemandThroughput?: DynamoDB.OnDemandThroughput;
}

export const ONLY_PROVISIONED = `${INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`;

/**
 * The billing of a new table.
 *
 * @param now epoch milliseconds
 * @throws TableValidation
 */
export function newBilling(asked: AskedBilling, now: number): TableBilling {
  const { BillingMode: mode = "PROVISIONED", ProvisionedThroughput, OnDemandThroughput } = asked;
  if (mode === "PAY_PER_REQUEST") {
    if (ProvisionedThroughput !== undefined) throw new TableValidation(ONLY_PROVISIONED);
    return { mode, onDemandSince: now, ...onDemandLimits(OnDemandThroughput) };
  }
  if (ProvisionedThroughput === undefined) {
    throw new TableValidation(
      `${INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED`,
    );
  }
  if (OnDemandThroughput !== undefined) throw new TableValidation(ONLY_ON_DEMAND);
  checkBounds(ProvisionedThroughput);
  return { mode, throughput: throughputOf(ProvisionedThroughput) };
}

export const ONLY_ON_DEMAND = `${INVALID}OnDemandThroughput can only be specified when BillingMode is PAY_PER_REQUEST`;

/** -1 takes a limit away. @throws TableValidation */
export function onDemandLimits(
  asked: DynamoDB.OnDemandThroughput | undefined,
): Pick<TableBilling, "maxReadRequestUnits" | "maxWriteRequestUnits"> {
  const { MaxReadRequestUnits: read, MaxWriteRequestUnits: write } = asked ?? {};
  for (const [name, units] of Object.entries({ MaxReadRequestUnits: read, MaxWriteRequestUnits: write })) {
    if (units !== undefined && units !== -1 && (units < 1 || units > UNITS_MAX)) {
      throw new TableValidation(`${INVALID}Given value ${units} for ${name} is out of bounds`);
    }
  }
  return {
    ...(read !== undefined && read !== -1 && { maxReadRequestUnits: read }),
    ...(write !== undefined && write !== -1 && { maxWriteRequestUnits: write }),
  };
}

/**
 * A throughput after a change, with the time of the change.
 *
 * @throws TableValidation when nothing changes
 */
export function changedThroughput(
  before: TableThroughput | undefined,
  asked: DynamoDB.ProvisionedThroughput,
  now: number,
): TableThroughput {
  checkBounds(asked);
  const { ReadCapacityUnits: read, WriteCapacityUnits: write } = asked;
  if (before === undefined) return { read, write, increasedAt: now };
  if (before.read === read && before.write === write) {
    throw new TableValidation(
      `The provisioned throughput for the table will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for the table: ${before.read}. Requested ReadCapacityUnits: ${read}. Current WriteCapacityUnits provisioned for the table: ${before.write}. Requested WriteCapacityUnits: ${write}. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.`,
    );
  }
  return {
    ...before,
    read,
    write,
    ...((read > before.read || write > before.write) && { increasedAt: now }),
    ...((read < before.read || write < before.write) && { decreasedAt: now }),
  };
}
