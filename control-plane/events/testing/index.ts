/** For tests of handlers, in any room of the control plane. */
export { ACCOUNT, codeOf, completed, createDecidingViews, type DecidingViews, OCCURRED_AT } from "./decisions.ts";
