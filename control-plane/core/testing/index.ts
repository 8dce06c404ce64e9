/** For tests of other rooms of the control plane. */
export { origin, type TestControlPlane, withControlPlane } from "./test-control-plane.ts";
