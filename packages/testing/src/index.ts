// memory
export { createMemoryFileSystem } from "./memory/create-memory-file-system.ts";
export type { MemoryFileSystem } from "./memory/memory-file-system.ts";
export type { MemoryFileSystemOptions } from "./memory/options.ts";
// trees
export { diffTrees } from "./tree/diff-trees.ts";
export { readTree, readTreeSync } from "./tree/read-tree.ts";
export type { ReadTreeOptions } from "./tree/read-tree.ts";
export type { TreeEntry } from "./tree/tree-entry.ts";
export { formatTree, parseTree } from "./tree/tree-language.ts";
export { writeTree } from "./tree/write-tree.ts";
// scenarios and what explores them
export type { End, Scenario, Seen } from "./scenario/scenario.ts";
export type { Budget, ExplorerName, Failure, Progress, Report } from "./scenario/report.ts";
export { assertPassed } from "./scenario/assert-passed.ts";
export type { AssertOptions } from "./scenario/assert-passed.ts";
export { replay } from "./scenario/replay.ts";
export type { ReplayOptions } from "./scenario/replay.ts";
export { formatReport } from "./scenario/format-report.ts";
export { allOf, CheckFailed } from "./checks/check.ts";
export type { Check } from "./checks/check.ts";
export { neverMissing, oldOrNew } from "./checks/files.ts";
export {
  durableAsAcknowledged,
  prefixOfAppends,
  removedStaysRemoved,
} from "./checks/acknowledged.ts";
export type { DurableFile, DurableValue } from "./checks/acknowledged.ts";
export { insideRoot, noOpenHandles, noStagedFiles } from "./checks/surroundings.ts";
export type { InsideOptions, StagedOptions } from "./checks/surroundings.ts";
export { exploreCrashes } from "./crash/explore-crashes.ts";
export type { CrashOptions } from "./crash/options.ts";
export { powerLossModels } from "./crash/models.ts";
export type { ModelName, PowerLossModel, WriteFate } from "./crash/models.ts";
export { exploreInterference } from "./interference/explore-interference.ts";
export type {
  InterferenceOptions,
  InterferenceReport,
} from "./interference/explore-interference.ts";
export type { Adversary, Moment } from "./interference/adversary.ts";
export {
  addHardlink,
  grow,
  moveAway,
  replaceFile,
  swapForDirectory,
  swapForSymlink,
} from "./interference/adversaries.ts";
export { exploreSchedules } from "./schedule/explore-schedules.ts";
export type { ScheduleOptions } from "./schedule/explore-schedules.ts";
// faults
export { sweepFaults } from "./faults/sweep/sweep-faults.ts";
export type { FaultMode } from "./faults/sweep/fault-point.ts";
export type { SweepFaultsOptions } from "./faults/sweep/sweep-options.ts";
export { injectFaults } from "./faults/inject-faults.ts";
export type { Faults, FaultyFileSystem } from "./faults/inject-faults.ts";
export { and, after, not, nth, op, or, path, randomly, reads, writes } from "./faults/condition.ts";
export type { Condition } from "./faults/condition.ts";
export { delay, fail, failAfter, failUnchecked, hang, short } from "./faults/fault.ts";
export type { Fault } from "./faults/fault.ts";
export { once, persistent, rule, times } from "./faults/rule.ts";
export type { Limit, Rule } from "./faults/rule.ts";
export { errnosOf } from "./faults/errnos.ts";
// traces
export { traceFileSystem } from "./trace/trace-file-system.ts";
export type { TraceOptions } from "./trace/trace-file-system.ts";
export type {
  LinesOptions,
  Trace,
  TracedAck,
  TracedCall,
  TracedEntry,
  TraceEvent,
} from "./trace/trace.ts";
export { lintTrace } from "./trace/lint-trace.ts";
export type { LintFinding, LintOptions } from "./trace/lint-trace.ts";
export { lintRules } from "./trace/lint-rules.ts";
export type { LintRule } from "./trace/lint-rules.ts";
// calls
export type { Call, CallName } from "./calls/call.ts";
export type { FileSystemLike, NodeFileSystem, NodePromises } from "./calls/node-file-system.ts";
