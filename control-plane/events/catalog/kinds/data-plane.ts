import type { KindDefinition } from "../kind-definition.ts";

export const dataPlaneKind: KindDefinition<"dataPlane"> = {
  kind: "dataPlane",
  label: "data plane",
  view: "dataPlanes",
  viewVersion: 1,
  keyOf: (record) => record.dataPlaneId,
  groupsOf: () => [],
  events: {
    "dataPlane.enrolled": {
      version: 1,
      key: (payload) => payload.dataPlaneId,
      makes: (event) => ({ kind: "dataPlane", ...event.payload, createdAt: event.occurredAt }),
    },
    "dataPlane.forgotten": { version: 1, key: (payload) => payload.dataPlaneId, ends: () => undefined },
  },
};
