export { openCheckpoints } from "./open-checkpoints.ts";
export type { Checkpoints } from "./checkpoints.ts";
export type {
  CheckpointLimits,
  CheckpointOptions,
  Conflict,
  DiffOptions,
  MergeAnswer,
  RecordOptions,
  RestoreOptions,
  SnapshotOptions,
} from "./options.ts";
export type {
  HistoryDamage,
  InterruptedRestore,
  PathDiff,
  PathResult,
  PruneReport,
  RecordReceipt,
  RestoreAction,
  RestoreReason,
  RestoreReport,
  Snapshot,
  SnapshotDiff,
  TrackReceipt,
} from "./results.ts";
export type { PathState, SkipReason } from "./state.ts";
export { HoldfastError, isHoldfastError } from "@holdfast/fs/steps";
export type { Effect, FileSystem, Offload } from "@holdfast/fs/steps";
