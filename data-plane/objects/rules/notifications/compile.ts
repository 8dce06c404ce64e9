/** The notifications of a bucket, made ready to be asked at every write. Pure. */
import type { S3 } from "#foundation/aws";
import type { ObjectEventName } from "./event-names.ts";
import { eventMatches, type KeyFilter, keyFilterOf, type NotificationRule } from "./match.ts";

/** One rule that wants to hear of an event. */
export interface CompiledNotification {
  readonly id: string;
  /** ARN of what is told. */
  readonly destination: string;
  readonly events: readonly string[];
  readonly filter: KeyFilter;
}

export interface Notifications {
  /** The rule that an event concerns. There is at most one: overlapping rules are refused when they are put. */
  match(event: ObjectEventName, key: string): CompiledNotification | undefined;
}

const compileRule = (rule: NotificationRule, destination: string): CompiledNotification => ({
  id: rule.Id ?? "",
  destination,
  events: rule.Events,
  filter: keyFilterOf(rule),
});

/** @param section as it was put */
export function compileNotifications(section: S3.NotificationConfiguration): Notifications {
  const rules = [
    ...(section.QueueConfigurations ?? []).map((rule) => compileRule(rule, rule.QueueArn)),
    ...(section.TopicConfigurations ?? []).map((rule) => compileRule(rule, rule.TopicArn)),
    ...(section.LambdaFunctionConfigurations ?? []).map((rule) => compileRule(rule, rule.LambdaFunctionArn)),
  ];
  const byEvent = new Map<ObjectEventName, readonly CompiledNotification[]>();
  const rulesOf = (event: ObjectEventName): readonly CompiledNotification[] => {
    let found = byEvent.get(event);
    if (found === undefined) {
      found = rules.filter(({ events }) => events.some((pattern) => eventMatches(pattern, `s3:${event}`)));
      byEvent.set(event, found);
    }
    return found;
  };
  return {
    match: (event, key) =>
      rulesOf(event).find(({ filter }) => key.startsWith(filter.prefix) && key.endsWith(filter.suffix)),
  };
}
