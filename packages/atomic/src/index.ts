export {
  createFileAtomic,
  createFileAtomicSync,
  replaceFileAtomic,
  replaceFileAtomicSync,
} from "./replace/replace-file-atomic.ts";
export type {
  BeforeRenameParameters,
  IfMatch,
  ReplaceFileAtomicOptions,
  ReplaceFileAtomicSyncOptions,
  ReplaceFileReceipt,
  StageFileAtomicOptions,
  StageFileOptions,
} from "./replace/options.ts";
export type { Chunk, FileContent, SyncFileContent } from "./replace/content.ts";
export { stageFileAtomic } from "./replace/stage-file-atomic.ts";
export type { StagedFileAtomic } from "./replace/stage-file-atomic.ts";
export { createCoalescingWriter } from "./coalesce/coalescing-writer.ts";
export type { CoalescingWriter, CoalescingWriterOptions } from "./coalesce/coalescing-writer.ts";
export {
  replaceDirectoryAtomic,
  replaceDirectoryAtomicSync,
} from "./directory/replace-directory.ts";
export type {
  ReplaceDirectoryAtomicOptions,
  ReplaceDirectoryAtomicSyncOptions,
  ReplaceDirectoryReceipt,
} from "./directory/replace-directory.ts";
export { recoverDirectory, recoverDirectorySync } from "./directory/recover-directory.ts";
export type {
  RecoverDirectoryOptions,
  RecoverDirectoryReceipt,
} from "./directory/recover-directory.ts";
export { movePathWithCopyFallback, movePathWithCopyFallbackSync } from "./move/move-path.ts";
export type {
  MoveLoss,
  MovePathOptions,
  MovePathSyncOptions,
  MoveProgress,
  MoveReceipt,
} from "./move/move-path.ts";
export { renameWithRetry, renameWithRetrySync } from "./durable/rename-with-retry.ts";
export type { RenameWithRetryOptions } from "./durable/rename-with-retry.ts";
export { findStagedFiles, sweepStagedFiles } from "./staging/find-staged-files.ts";
export type {
  FindStagedFilesOptions,
  FoundStagedFile,
  SweepReport,
  SweepStagedFilesOptions,
} from "./staging/find-staged-files.ts";
export type { Synced } from "./durable/directories.ts";
export { HoldfastError, isHoldfastError } from "@holdfast/fs/steps";
export type { Effect, FileSystem, Offload } from "@holdfast/fs/steps";
