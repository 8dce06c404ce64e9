import { test } from "bun:test";
import { FAULTS_PROMISE, testSeeds } from "./scenarios.ts";

test(FAULTS_PROMISE, () => testSeeds(101, "tests/store/faults-3.test.ts"), 300_000);
