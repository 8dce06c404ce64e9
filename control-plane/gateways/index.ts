/** Gateways: descriptions compiled to artifacts. */
export { type CompiledGateway, type CompileOptions, compileGateway } from "./compiler/compile-gateway.ts";
export { diffPlans, type PlanChange } from "./compiler/diff-plans.ts";
export { sarifOf } from "./compiler/sarif.ts";
