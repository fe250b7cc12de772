import {
  invalidCombination,
  invalidRange,
  invalidType,
  readBoolean,
  readWord,
  requireObject,
} from "@holdfast/fs/steps";
import type {
  FileSettings,
  FormatOptions,
  ParseOptions,
  ReadJsonOptions,
  UpdateJsonOptions,
  WriteJsonOptions,
} from "./options.ts";

type Name<Options> = keyof Options & string;

const parseNames: readonly Name<ParseOptions>[] = ["maxBytes", "duplicateKeys", "bigint"];
const formatNames: readonly Name<FormatOptions>[] = ["space", "sortKeys"];
const fileNames: readonly Name<FileSettings>[] = [
  ...(["mode", "dirMode", "durable", "symlinks", "hardlinks"] as const),
  ...(["ownership", "readonly", "inPlaceFallback"] as const),
];
const runNames = ["signal", "fileSystem", "offload"] as const;

const readNames: readonly Name<ReadJsonOptions<unknown>>[] = [
  ...([...parseNames, ...runNames, "validate"] as const),
];
const writeNames: readonly Name<WriteJsonOptions>[] = [...formatNames, ...fileNames, ...runNames];
const updateNames: readonly Name<UpdateJsonOptions<unknown>>[] = [
  ...([...readNames, ...writeNames, "initial", "lockTimeoutMs"] as const),
];

/** An option that is misspelt would do nothing, and nobody would notice. */
export function refuseUnknown(op: string, options: object, known: readonly string[]): void {
  requireObject(op, options);
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw invalidCombination(op, `there is no option "${name}"`);
  }
}

/** Checks the options of a read, before any I/O. */
export function checkReadOptions<Value>(op: string, options: ReadJsonOptions<Value>): void {
  refuseUnknown(op, options, readNames);
  checkParseOptions(op, options);
  checkValidate(op, "validate", options.validate);
}

/** Checks those options of a write that are not for the place. */
export function checkWriteOptions(op: string, options: WriteJsonOptions): void {
  refuseUnknown(op, options, writeNames);
  checkFormatOptions(op, options);
}

/** Checks those options of an update that are not for the place. */
export function checkUpdateOptions<Value>(op: string, options: UpdateJsonOptions<Value>): void {
  refuseUnknown(op, options, updateNames);
  checkParseOptions(op, options);
  if ((options.bigint as unknown) === "string") {
    throw invalidCombination(
      op,
      '"bigint" cannot be "string" here: the integers would be strings in the file. "bigint" keeps every digit',
    );
  }
  checkValidate(op, "validate", options.validate);
  checkFormatOptions(op, options);
}

/** Checks how a text is read. */
export function checkParseOptions(op: string, options: ParseOptions): void {
  const { maxBytes } = options;
  if (maxBytes !== undefined && typeof maxBytes !== "number") {
    throw invalidType(op, "maxBytes", "a number", maxBytes);
  }
  if (maxBytes !== undefined && maxBytes !== Infinity && !isCount(maxBytes)) {
    throw invalidRange(op, "maxBytes", "an integer of at least 0, or Infinity", maxBytes);
  }
  readWord(op, "duplicateKeys", options.duplicateKeys, ["last", "refuse"]);
  readWord(op, "bigint", options.bigint, ["number", "string", "bigint"]);
}

/** Checks how a text is written. */
export function checkFormatOptions(op: string, { space, sortKeys }: FormatOptions): void {
  readBoolean(op, "sortKeys", sortKeys, false);
  if (space === undefined || space === "preserve") return;
  if (typeof space === "number") {
    if (Number.isInteger(space) && space >= 0 && space <= 10) return;
    throw invalidRange(op, "space", "an integer from 0 to 10", space);
  }
  if (typeof space !== "string") {
    throw invalidType(op, "space", 'a number, spaces or tabs, or "preserve"', space);
  }
  // Anything else between the tokens would not be JSON any more.
  if (/[^ \t]/.test(space)) throw invalidRange(op, "space", "spaces or tabs", space);
}

/** Checks that something can validate. */
function checkValidate(op: string, name: string, validate: unknown): void {
  if (validate === undefined || typeof validate === "function") return;
  const standard = (validate as { "~standard"?: { validate?: unknown } } | null)?.["~standard"];
  if (typeof standard?.validate === "function") return;
  throw invalidType(op, name, "a Standard Schema or a function", validate);
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
