/** For tests of other rooms of the control plane. */

export { decideGroups, groupKey } from "../decide.ts";
export { manifestOf, TestWorld } from "./test-world.ts";
