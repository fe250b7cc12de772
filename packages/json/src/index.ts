export {
  readJson,
  readJsonIfExists,
  readJsonIfExistsSync,
  readJsonSync,
} from "./document/read-json.ts";
export { writeJson, writeJsonSync } from "./document/write-json.ts";
export { updateJson, updateJsonSync } from "./document/update-json.ts";
export type {
  FileSettings,
  FormatOptions,
  ParseOptions,
  ReadJsonOptions,
  Sync,
  UpdateJsonOptions,
  WriteJsonOptions,
} from "./document/options.ts";
export type { StandardIssue, StandardResult, StandardSchema, Validate } from "./document/schema.ts";
export {
  isJsonInvalidError,
  isJsonSyntaxError,
  isJsonUnserializableError,
} from "./document/errors.ts";
export type {
  JsonInvalidError,
  JsonIssue,
  JsonSyntaxError,
  JsonUnserializableError,
} from "./document/errors.ts";
export type { ByteStore, JsonTarget, RootLike, RootSyncLike, RootTarget } from "./target/target.ts";
export { openJsonStore, openJsonStoreSync } from "./store/open-json-store.ts";
export type {
  Changed,
  JsonStore,
  JsonStoreOptions,
  SchemalessStoreOptions,
  SchemaStoreOptions,
  StoreRecovery,
} from "./store/options.ts";
export type { DeepReadonly } from "./store/deep-readonly.ts";
export { openJsonLog } from "./log/open-json-log.ts";
export { readJsonLog } from "./log/read-json-log.ts";
export { inspectJsonLog } from "./log/inspect-json-log.ts";
export { repairJsonLog } from "./log/repair-json-log.ts";
export type {
  AppendReceipt,
  DroppedBytes,
  JsonLog,
  JsonLogOptions,
  JsonLogReader,
  LogDurability,
  LogHealing,
  LogInspection,
  LogRecord,
  LogRepair,
  LogReport,
  LogTarget,
  ReadJsonLogOptions,
  RepairJsonLogOptions,
} from "./log/options.ts";
export { HoldfastError, isHoldfastError } from "@holdfast/fs/steps";
export type { Effect, FileSystem, Offload } from "@holdfast/fs/steps";
export type { ReplaceFileReceipt } from "@holdfast/atomic";
