import { test } from "bun:test";
import { FAULTS_PROMISE, testSeeds } from "./scenarios.ts";

test(FAULTS_PROMISE, () => testSeeds(1, "tests/store/faults-1.test.ts"), 300_000);
