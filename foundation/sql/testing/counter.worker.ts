import { serveEngine } from "../serve-engine.ts";
import { createCounter } from "./counter.ts";

serveEngine(createCounter);
