/**
 * Questions to the policy evaluator about tables (Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB"; Developer Guide,
 * "Using IAM policy conditions for fine-grained access control").
 */
import type { AccountId } from "#contracts";
import type { AccessRequest, CallContext } from "#data-plane/service";
import { type AttributeValue, attributeOf, type Item } from "#data-plane/tables/values";
import type { CompiledPolicy } from "#foundation/policy";
import { type TablePlace, tableArn } from "../rules/arns.ts";
import type { TableView } from "./table-view.ts";
import { accountOf } from "./tables.ts";

type Values = string | readonly string[] | undefined;
export type ConditionValues = Readonly<Record<string, Values>>;

/** What a request tells a policy besides its action and resource. */
export interface AccessFacts {
  /** Values of the hash key that the request touches. */
  readonly leadingKeys?: readonly AttributeValue[] | undefined;
  /** Top-level attributes that the request names. */
  readonly attributes?: Iterable<string> | undefined;
  readonly select?: string | undefined;
  readonly returnValues?: string | undefined;
  readonly returnConsumedCapacity?: string | undefined;
  readonly enclosingOperation?: string | undefined;
  readonly fullTableScan?: boolean | undefined;
  readonly requestTags?: Readonly<Record<string, string>> | undefined;
  readonly tagKeys?: readonly string[] | undefined;
}

/** One question; its condition keys are worked out only when a policy asks for one. */
class TableQuestion implements AccessRequest {
  readonly action: string;
  readonly resource: string;
  readonly resourceAccount: AccountId;
  readonly #view: TableView | undefined;
  readonly #ofStream: boolean;
  readonly #facts: (() => AccessFacts) | undefined;
  #conditions: ConditionValues | undefined;

  constructor(
    action: string,
    resource: string,
    resourceAccount: AccountId,
    view: TableView | undefined,
    facts: (() => AccessFacts) | undefined,
    ofStream = false,
  ) {
    this.action = action;
    this.resource = resource;
    this.resourceAccount = resourceAccount;
    this.#view = view;
    this.#facts = facts;
    this.#ofStream = ofStream;
  }

  get resourcePolicy(): CompiledPolicy | undefined {
    return this.#ofStream ? this.#view?.streamPolicy : this.#view?.policy;
  }

  get conditions(): ConditionValues {
    this.#conditions ??= conditionValues(this.#view, this.#facts?.() ?? {});
    return this.#conditions;
  }
}

/**
 * A question about a table, or about one of its indexes.
 *
 * @param facts called when a policy has a condition
 */
export function tableQuestion(
  action: string,
  view: TableView,
  facts?: () => AccessFacts,
  index?: string,
): AccessRequest {
  const resource = index === undefined ? view.arn : `${view.arn}/index/${index}`;
  return new TableQuestion(`dynamodb:${action}`, resource, view.record.accountId, view, facts);
}

/** A question about a table that need not exist: it is asked first, so that nobody learns what there is. */
export function placeQuestion(
  action: string,
  place: TablePlace,
  view: TableView | undefined,
  facts?: () => AccessFacts,
): AccessRequest {
  return view === undefined
    ? new TableQuestion(`dynamodb:${action}`, tableArn(place), place.accountId, undefined, facts)
    : tableQuestion(action, view, facts);
}

/** A question about a stream of a table; the policy counts for the stream that is enabled now. */
export function streamQuestion(
  action: string,
  arn: string,
  place: TablePlace,
  view: TableView | undefined,
): AccessRequest {
  const current = view !== undefined && view.streamArn === arn ? view : undefined;
  return new TableQuestion(`dynamodb:${action}`, arn, place.accountId, current, undefined, true);
}

/** A question about everything of the caller's account. */
export function accountQuestion(action: string, context: CallContext, resource = "*"): AccessRequest {
  return new TableQuestion(`dynamodb:${action}`, resource, accountOf(context), undefined, undefined);
}

function conditionValues(view: TableView | undefined, facts: AccessFacts): ConditionValues {
  const values: Record<string, Values> = {
    "dynamodb:leadingkeys": facts.leadingKeys?.map(scalarText),
    "dynamodb:attributes": facts.attributes === undefined ? undefined : [...facts.attributes],
    "dynamodb:select": facts.select,
    "dynamodb:returnvalues": facts.returnValues,
    "dynamodb:returnconsumedcapacity": facts.returnConsumedCapacity,
    "dynamodb:enclosingoperation": facts.enclosingOperation,
    "dynamodb:fulltablescan": facts.fullTableScan === undefined ? undefined : String(facts.fullTableScan),
    "aws:tagkeys": facts.tagKeys ?? (facts.requestTags === undefined ? undefined : Object.keys(facts.requestTags)),
  };
  for (const [key, value] of Object.entries(facts.requestTags ?? {}))
    values[`aws:requesttag/${key.toLowerCase()}`] = value;
  for (const [key, value] of Object.entries(view?.record.sections.tags ?? {})) {
    values[`aws:resourcetag/${key.toLowerCase()}`] = value;
  }
  return values;
}

/** A key's value as policies compare it. Binary keys are base64 text. What is no key will be refused, and is compared as nothing. */
function scalarText(value: AttributeValue): string {
  const { S, N, B } = value as Readonly<Partial<Record<"S" | "N" | "B", unknown>>>;
  const scalar = S ?? N ?? B;
  return typeof scalar === "string" ? scalar : "";
}

/** The hash key's value in keys or items as sent, for `dynamodb:LeadingKeys`. What has none is not there to be compared. */
export function leadingKeys(view: TableView, items: Iterable<Item>): readonly AttributeValue[] {
  const found: AttributeValue[] = [];
  for (const item of items) {
    // Nobody has looked at the values yet: there may be a null, which is refused later.
    const value = attributeOf(item, view.keys.hash.name) ?? undefined;
    if (value !== undefined) found.push(value);
  }
  return found;
}
