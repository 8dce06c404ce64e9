/** For tests of other rooms of the control plane. */
export { manifestOf, TestWorld } from "./test-world.ts";
