import { test } from "bun:test";
import { FAULTS_PROMISE, testSeeds } from "./scenarios.ts";

test(FAULTS_PROMISE, () => testSeeds(151, "tests/store/faults-4.test.ts"), 300_000);
