import { openEmbeddedFixture } from "./conformance/embedded-fixture.ts";
import { describeQueueEngine } from "./conformance/index.ts";

describeQueueEngine("embedded, in this thread", () => openEmbeddedFixture("inline"));
describeQueueEngine("embedded, in a thread of its own", () => openEmbeddedFixture("worker"));
