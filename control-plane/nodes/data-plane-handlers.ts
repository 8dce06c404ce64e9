/**
 * Enrolment: one data plane holds the objects, messages and items of a cloud.
 *
 * Resources have no home yet. A second data plane would see the buckets of the first, find nothing in them on its own disk, and let them be deleted: so it is
 * not let in.
 */
import { CLOUD_ORG, type DataPlaneRecord } from "#contracts";
import { type CommandHandlers, refuse } from "#control-plane/events";

/** Longest id and name, as in the messages of data planes. */
const TEXT_MAX = 512;

const isShort = (text: string): boolean => text.length >= 1 && text.length <= TEXT_MAX;

/** What the one that is refused is told: what is the case, and what can be done. */
function anotherDataPlane({ dataPlaneId, name }: DataPlaneRecord): string {
  return `this cloud is kept by the data plane "${name}" (${dataPlaneId}), and a cloud has one. Start that one, with its own data directory; if it is lost for good, with everything in it, run "biplane nodes forget ${dataPlaneId}" and start this one again`;
}

export function createDataPlaneHandlers(): CommandHandlers<"dataPlane.enroll" | "dataPlane.forget"> {
  return {
    "dataPlane.enroll"({ dataPlaneId, name }, views) {
      if (!isShort(dataPlaneId) || !isShort(name)) {
        return refuse("ValidationFailed", `The id and the name of a data plane have 1 to ${TEXT_MAX} characters`);
      }
      const enrolled = views.dataPlane();
      if (enrolled !== undefined) {
        return enrolled.dataPlaneId === dataPlaneId
          ? { ok: true, events: [], result: {} }
          : refuse("AnotherDataPlane", anotherDataPlane(enrolled));
      }
      const payload = { dataPlaneId, name };
      return {
        ok: true,
        events: [{ type: "dataPlane.enrolled", aggregateId: dataPlaneId, org: CLOUD_ORG, payload }],
        result: {},
      };
    },
    "dataPlane.forget"({ dataPlaneId }, views) {
      if (views.dataPlane()?.dataPlaneId !== dataPlaneId) {
        return refuse(
          "NoSuchDataPlane",
          "There is no data plane with this id; `biplane nodes list` shows the one there is",
        );
      }
      const payload = { dataPlaneId };
      return {
        ok: true,
        events: [{ type: "dataPlane.forgotten", aggregateId: dataPlaneId, org: CLOUD_ORG, payload }],
        result: {},
      };
    },
  };
}
