import { describeTableEngine } from "./conformance/index.ts";
import { openTableFixture } from "./testing/fixture.ts";

describeTableEngine("embedded, in this thread", () => openTableFixture("inline"));
describeTableEngine("embedded, in a thread of its own", () => openTableFixture("worker"));
