/** For tests and benchmarks of the whole front door: a catalog in memory, and requests without a network. */
export { ACCOUNT, FakeCatalog } from "./fake-catalog.ts";
export { fakeRequest, HOST, NOW, type RequestPlan } from "./fake-request.ts";
