/** Instances in containers. */
export { type ContainerRuntimeOptions, openContainerRuntime } from "./container-runtime.ts";
export { type ImageUser, imageUser } from "./image-user.ts";
