import { test } from "bun:test";
import { FAULTS_PROMISE, testSeeds } from "./scenarios.ts";

test(FAULTS_PROMISE, () => testSeeds(51, "tests/store/faults-2.test.ts"), 300_000);
