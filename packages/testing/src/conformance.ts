export { fileSystemCases } from "./conformance/file-system-cases.ts";
export type { FileSystemCaseOptions } from "./conformance/file-system-cases.ts";
export type { ConformanceCase, Face, Need, Place } from "./conformance/conformance-case.ts";
