/** For tests of other rooms of the control plane. */
export { origin, seededRandom, type TestControlPlane, withControlPlane } from "./test-control-plane.ts";
