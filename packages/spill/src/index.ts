export { openSpillStore } from "./open-spill-store.ts";
export type {
  EndedSession,
  Page,
  Resolved,
  SpillStore,
  SpillUsage,
  SweptStore,
  UnreadableRef,
} from "./spill-store.ts";
export type {
  KeptContent,
  KeptOutput,
  SpilledOutput,
  SpillReason,
  SpillResult,
  TruncatedOutput,
} from "./spill-result.ts";
export type * from "./options.ts";
export type { Root } from "@holdfast/root";
export { HoldfastError, isHoldfastError } from "@holdfast/fs/steps";
export type { Effect, FileSystem } from "@holdfast/fs/steps";
