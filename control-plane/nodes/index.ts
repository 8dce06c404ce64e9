/** Which data plane keeps what this cloud holds. */
export { createDataPlaneHandlers } from "./data-plane-handlers.ts";
