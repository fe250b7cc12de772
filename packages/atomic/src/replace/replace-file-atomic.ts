import { Operation, runAsync, runSync, type Steps } from "@holdfast/fs/steps";
import type { Content } from "./content.ts";
import {
  readContentOption,
  readOptions,
  type ReplaceFileAtomicOptions,
  type ReplaceFileAtomicSyncOptions,
  type ReplaceFileReceipt,
  type Request,
} from "./options.ts";
import { Replacement } from "./replacement.ts";

function* replaceFile(
  operation: Operation,
  request: Request,
  content: Content,
): Steps<ReplaceFileReceipt> {
  const replacement = new Replacement(operation, request);
  try {
    yield* replacement.prepare();
    yield* replacement.write(content);
    return yield* replacement.publish();
  } finally {
    yield* replacement.discard();
  }
}

async function perform(
  op: string,
  options: ReplaceFileAtomicOptions,
  exclusive: boolean,
): Promise<ReplaceFileReceipt> {
  const request = readOptions(op, options, "async", exclusive);
  const content = readContentOption(op, options.content, "async");
  const operation = newOperation(op, request);
  return runAsync(replaceFile(operation, request, content), operation);
}

function performSync(
  op: string,
  options: ReplaceFileAtomicSyncOptions,
  exclusive: boolean,
): ReplaceFileReceipt {
  const request = readOptions(op, options, "sync", exclusive);
  const content = readContentOption(op, options.content, "sync");
  const operation = newOperation(op, request);
  return runSync(replaceFile(operation, request, content), operation);
}

/** The operation of a request, for errors in the caller's words. */
export function newOperation(op: string, request: Request): Operation {
  const { filePath: path, fileSystem, signal, offload } = request;
  return new Operation({ op, path, fileSystem, signal, offload });
}

/** See docs below. */
export function replaceFileAtomic(options: ReplaceFileAtomicOptions): Promise<ReplaceFileReceipt> {
  return perform("replaceFileAtomic", options, false);
}

export function replaceFileAtomicSync(options: ReplaceFileAtomicSyncOptions): ReplaceFileReceipt {
  return performSync("replaceFileAtomicSync", options, false);
}

export function createFileAtomic(options: ReplaceFileAtomicOptions): Promise<ReplaceFileReceipt> {
  return perform("createFileAtomic", options, true);
}

export function createFileAtomicSync(options: ReplaceFileAtomicSyncOptions): ReplaceFileReceipt {
  return performSync("createFileAtomicSync", options, true);
}
