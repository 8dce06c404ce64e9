/** For tests: what every runtime has to do, and a small image to do it with. */
export { describeRuntime, type Isolation, makeWorld, type World } from "./runtime-suite.ts";
export { makeTestImage } from "./test-image.ts";
