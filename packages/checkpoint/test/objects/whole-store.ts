/** What a process of its own needs to keep bytes. */

export { openObjects } from "../../src/objects/object-store.ts";
export { run, sha256Of, someBytes, sourceOf } from "./run.ts";
export { openWorkspaces } from "../../src/workspace/workspaces.ts";
export { look } from "../../src/workspace/look.ts";
