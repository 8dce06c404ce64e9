/** All operations on buckets, by name. */
import type { ObjectsEnvironment } from "../../service/environment.ts";
import { bucketAccessHandlers } from "./access-settings.ts";
import { bucketLifeCycleHandlers } from "./life-cycle.ts";
import { bucketListedSettingHandlers } from "./listed-settings.ts";
import { bucketNotificationHandlers } from "./notification-setting.ts";
import { bucketSettingHandlers } from "./simple-settings.ts";

export type { Handler, Handlers } from "./handlers.ts";

export function bucketHandlers(environment: ObjectsEnvironment) {
  return {
    ...bucketLifeCycleHandlers(environment),
    ...bucketAccessHandlers(environment),
    ...bucketSettingHandlers(environment),
    ...bucketNotificationHandlers(environment),
    ...bucketListedSettingHandlers(environment),
  };
}
