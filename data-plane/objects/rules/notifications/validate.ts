/** What S3 accepts as a notification configuration, apart from whether its destinations exist (S3 API Reference, PutBucketNotificationConfiguration). Pure. */
import type { S3 } from "#foundation/aws";
import { invalidArgument, malformedXml, notImplemented } from "../../errors.ts";
import { isKnownEvent } from "./event-names.ts";
import { keyFilterOf, type NotificationRule, refuseOverlaps } from "./match.ts";

/** The quota of a bucket (Amazon S3 user guide, "Amazon S3 Event Notifications"). */
const RULES_MAX = 100;
const ID_CHARACTERS_MAX = 255;
/** As long as a key. */
const FILTER_VALUE_BYTES_MAX = 1024;

/** An ARN of something that can be told, in parts. */
export interface DestinationArn {
  readonly arn: string;
  readonly service: "sqs" | "sns" | "lambda";
  readonly region: string;
}

export interface ValidNotifications {
  /** As it is kept and shown; undefined when it names nobody. */
  readonly section: S3.NotificationConfiguration | undefined;
  /** Each destination once. */
  readonly destinations: readonly DestinationArn[];
}

const ARN = /^arn:aws:(sqs|sns|lambda):([a-z]{2}(?:-[a-z]+)+-\d):\d{12}:[A-Za-z0-9._:$/-]{1,256}$/;

function parseArn(member: string, arn: string | undefined, service: DestinationArn["service"]): DestinationArn {
  if (arn === undefined) throw malformedXml();
  const region = ARN.exec(arn);
  if (region?.[1] !== service) throw invalidArgument("The ARN could not be parsed", member, arn);
  return { arn, service, region: region[2]! };
}

/** Names are shown with a capital, however they were put; a value may not be empty. */
function shownFilter(rule: NotificationRule): S3.NotificationConfigurationFilter | undefined {
  const rules = rule.Filter?.Key?.FilterRules;
  if (rules === undefined || rules.length === 0) return undefined;
  keyFilterOf(rule);
  const shown = rules.map(({ Name, Value }) => {
    if (Value === undefined || Value === "") throw invalidArgument("filter value cannot be empty", Name, Value);
    if (Buffer.byteLength(Value) > FILTER_VALUE_BYTES_MAX) {
      throw invalidArgument("Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation");
    }
    return { Name: /prefix/i.test(Name ?? "") ? "Prefix" : "Suffix", Value };
  });
  return { Key: { FilterRules: shown as unknown as readonly S3.FilterRule[] } };
}

function shownRule(rule: NotificationRule, newId: () => string): NotificationRule {
  if (rule.Events === undefined || rule.Events.length === 0) throw malformedXml();
  for (const event of rule.Events) {
    if (!isKnownEvent(event)) {
      throw invalidArgument("A specified event is not supported for notifications.", "Event", event);
    }
  }
  if (rule.Id !== undefined && rule.Id.length > ID_CHARACTERS_MAX) {
    throw invalidArgument(`ID length should not exceed allowed limit of ${ID_CHARACTERS_MAX}`, "Id", rule.Id);
  }
  const Filter = shownFilter(rule);
  const shown = { Id: rule.Id || newId(), Events: [...new Set(rule.Events)] };
  return Filter === undefined ? shown : { ...shown, Filter };
}

function refuseEqualIds(rules: readonly NotificationRule[]): void {
  if (new Set(rules.map(({ Id }) => Id)).size === rules.length) return;
  throw invalidArgument("Same ID used for multiple configurations. IDs must be unique", "Id");
}

/**
 * Checks a configuration and brings it into the form in which it is kept.
 * @param newId makes the ids of rules that have none
 * @throws AwsError MalformedXML, InvalidArgument, NotImplemented
 */
export function validateNotifications(
  configuration: S3.NotificationConfiguration | undefined,
  newId: () => string,
): ValidNotifications {
  if (configuration === undefined) throw malformedXml();
  if (configuration.EventBridgeConfiguration !== undefined) {
    throw notImplemented("EventBridge is not available: there is no event bus to notify.");
  }
  const {
    QueueConfigurations: queues = [],
    TopicConfigurations: topics = [],
    LambdaFunctionConfigurations: functions = [],
  } = configuration;
  if (queues.length + topics.length + functions.length > RULES_MAX) {
    throw invalidArgument(`A bucket cannot have more than ${RULES_MAX} notification configurations.`);
  }
  const found = new Map<string, DestinationArn>();
  const shown = <Rule extends NotificationRule>(
    rule: Rule,
    member: keyof Rule & string,
    service: DestinationArn["service"],
  ): NotificationRule => {
    const destination = parseArn(member, rule[member] as string | undefined, service);
    found.set(destination.arn, destination);
    return shownRule(rule, newId);
  };
  const section = {
    QueueConfigurations: queues.map((rule) => ({ ...shown(rule, "QueueArn", "sqs"), QueueArn: rule.QueueArn })),
    TopicConfigurations: topics.map((rule) => ({ ...shown(rule, "TopicArn", "sns"), TopicArn: rule.TopicArn })),
    LambdaFunctionConfigurations: functions.map((rule) => ({
      ...shown(rule, "LambdaFunctionArn", "lambda"),
      LambdaFunctionArn: rule.LambdaFunctionArn,
    })),
  };
  const all: readonly NotificationRule[] = Object.values(section).flat();
  refuseEqualIds(all);
  refuseOverlaps(all);
  const kept = Object.fromEntries(Object.entries(section).filter(([, rules]) => rules.length > 0));
  return { section: all.length === 0 ? undefined : kept, destinations: [...found.values()] };
}
