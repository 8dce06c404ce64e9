/** Which service serves an ARN. */
import type { EventDestination } from "#data-plane/service";
import type { ObjectsEnvironment } from "../service/environment.ts";

/** @returns undefined when this data plane has no such service */
export function findDestination(
  { eventDestinations = [] }: Pick<ObjectsEnvironment, "eventDestinations">,
  arn: string,
): EventDestination | undefined {
  const service = arn.split(":", 3)[2];
  return eventDestinations.find(({ arnService }) => arnService === service);
}
