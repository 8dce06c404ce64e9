import { openEmbeddedFixture } from "./conformance/embedded-fixture.ts";
import { describeObjectEngine } from "./conformance/index.ts";

describeObjectEngine("embedded, in this thread", () => openEmbeddedFixture("inline"));
describeObjectEngine("embedded, in threads of its own", () => openEmbeddedFixture("worker"));
