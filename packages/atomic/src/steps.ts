/**
 * The protocols as steps, for the packages that find out themselves where a name is. They check no
 * boundary: whoever calls them has. Not covered by semver until 1.0.
 */

export { replaceFile as replaceFileUnchecked } from "./replace/replace-file-atomic.ts";
export { readContentOption, readOptions } from "./replace/options.ts";
export type { Request } from "./replace/options.ts";
export type { Content, StepSource } from "./replace/content.ts";
export { openForSync, syncDirectory, syncDirectoryAt } from "./durable/directories.ts";
export type { Synced } from "./durable/directories.ts";
export { versionOf } from "./replace/version.ts";
export { isPromise, nextPiece } from "./replace/content.ts";
