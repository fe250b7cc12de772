/** Checks of what was acknowledged: whoever was told "saved" finds it. */

import { inspect, isDeepStrictEqual } from "node:util";
import { invalidCombination, invalidType } from "@holdfast/fs/steps";
import { requireKnown } from "../scenario/known-options.ts";
import type { NodeFileSystem } from "../calls/node-file-system.ts";
import { CheckFailed, type Check } from "./check.ts";
import {
  checkContents,
  checkPath,
  explainDamage,
  isSame,
  readIfThere,
  showContent,
  type Content,
} from "./content.ts";

export interface DurableFile {
  readonly path: string;
  /** Every content that the file has in turn, that of `setup` first; `undefined`: it is not there. */
  readonly order: readonly Content[];
}

export interface DurableValue<Value> {
  /** What the program would read. */
  readonly read: (fs: NodeFileSystem) => Value | Promise<Value>;
  /** Every value that there is in turn, that of `setup` first. */
  readonly order: readonly Value[];
}

/**
 * What is there is the last value that was acknowledged, or a later one; before the first
 * acknowledgement, any of them. `run` acknowledges values of `order`: `ack("v2")`.
 *
 * Of a file that is new, `order` begins with `undefined`: until it is acknowledged it is missing or
 * whole, from then on it is there and whole.
 *
 * @throws `TypeError` (`ERR_INVALID_ARG`) for options that make no sense
 * @example
 * check: durableAsAcknowledged({ path: "/state", order: ["old", "new"] })
 * check: durableAsAcknowledged({ path: "/inbox/1", order: [undefined, "content"] })
 * check: durableAsAcknowledged({ read: async (fs) => (await load(fs)).count, order: [0, 1, 2] })
 */
export function durableAsAcknowledged(options: DurableFile): Check<Content>;
export function durableAsAcknowledged<Value>(options: DurableValue<Value>): Check<Value>;
export function durableAsAcknowledged(options: Options): Check {
  const [what, read] = readerOf(options);
  const { order } = options;
  return async (fs, { acks }) => {
    const found = await read(fs);
    const at = lastIndexOf(order, found);
    const acked = acks.reduce((last: number, ack) => Math.max(last, indexOfAck(order, ack)), -1);
    if (at >= Math.max(acked, 0)) return;
    const values = `\nthe values in turn: ${order.map(show).join(", ")}`;
    const promise = acked === -1 ? "" : `; ${show(order[acked])} had been acknowledged`;
    if (at !== -1)
      throw new CheckFailed(`${what} has gone back to ${show(found)}${promise}${values}`);
    const damage = Buffer.isBuffer(found) && explainDamage(found, order as readonly Content[]);
    throw new CheckFailed(
      `${what} is ${show(found)}${damage ? ` (${damage})` : ""}, which it never was${promise}${values}`,
    );
  };
}

type Options = DurableFile | DurableValue<unknown>;

function readerOf(options: Options): [what: string, read: (fs: NodeFileSystem) => unknown] {
  const op = "durableAsAcknowledged";
  if (typeof options !== "object" || options === null) {
    throw invalidType(op, "options", "an object", options);
  }
  requireKnown<DurableFile & DurableValue<unknown>>(op, options as never, [
    "path",
    "read",
    "order",
  ]);
  if ("path" in options === "read" in options) {
    throw invalidCombination(op, 'exactly one of "path" and "read" is needed');
  }
  if ("path" in options) {
    checkPath(op, options.path);
    checkContents(op, "order", options.order);
    return [options.path, (fs) => readIfThere(fs, options.path)];
  }
  if (typeof options.read !== "function") throw invalidType(op, "read", "a function", options.read);
  if (!Array.isArray(options.order) || options.order.length === 0) {
    throw invalidType(op, "order", "an array of values", options.order);
  }
  return ["what was read", options.read];
}

const isEqual = (one: unknown, other: unknown): boolean =>
  Buffer.isBuffer(one) && (typeof other === "string" || other instanceof Uint8Array)
    ? isSame(one, other)
    : isDeepStrictEqual(one, other);

const lastIndexOf = (order: readonly unknown[], value: unknown): number =>
  order.findLastIndex((each) => isEqual(value, each));

/** The earliest that the acknowledgement can mean, where a value comes back later. */
function indexOfAck(order: readonly unknown[], ack: unknown): number {
  const at = order.findIndex((each) => isDeepStrictEqual(ack, each));
  if (at === -1) {
    throw new CheckFailed(
      `${show(ack)} was acknowledged, which is not one of ${order.map(show).join(", ")}`,
    );
  }
  return at;
}

const show = (value: unknown): string =>
  value === undefined || typeof value === "string" || value instanceof Uint8Array
    ? showContent(value)
    : inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 3 });

/**
 * The file holds the first so many of `records`, one after the other, and nothing else: at least as
 * many as were acknowledged. `run` acknowledges the records themselves: `ack(record)`.
 *
 * It is what must be true after `recover` has cut off a torn tail. A file that is not there holds no
 * records.
 *
 * @throws `TypeError` (`ERR_INVALID_ARG`) for records that are none
 * @example
 * check: prefixOfAppends("/log", ["one\n", "two\n"])
 */
export function prefixOfAppends(
  path: string,
  records: readonly (string | Uint8Array)[],
): Check<string | Uint8Array> {
  checkPath("prefixOfAppends", path);
  checkContents("prefixOfAppends", "records", records);
  return (fs, { acks }) => {
    const found = readIfThere(fs, path) ?? Buffer.alloc(0);
    let count = 0;
    let end = 0;
    for (const record of records.map((one) => Buffer.from(one as string))) {
      if (!found.subarray(end, end + record.length).equals(record)) break;
      end += record.length;
      count++;
    }
    const acked = acks.reduce(
      (last: number, ack) => Math.max(last, indexOfAck(records, ack) + 1),
      0,
    );
    const begins = `${path} begins with ${count} of the ${records.length} records`;
    if (count < acked) {
      throw new CheckFailed(
        `${begins}, and ${acked} had been acknowledged\nfound ${showContent(found)}`,
      );
    }
    if (end < found.length) {
      throw new CheckFailed(`${begins}, and goes on with ${showContent(found.subarray(end))}`);
    }
  };
}

/**
 * Once its removal is acknowledged, the name does not come back.
 *
 * @param ack the acknowledgement that means it. Default: any
 * @throws `TypeError` (`ERR_INVALID_ARG`) for a path that is none
 */
export function removedStaysRemoved<Ack = unknown>(path: string, ack?: Ack): Check<Ack> {
  checkPath("removedStaysRemoved", path);
  return (fs, { acks }) => {
    const said =
      ack === undefined ? acks.length > 0 : acks.some((one) => isDeepStrictEqual(one, ack));
    if (!said) return;
    let stats;
    try {
      stats = fs.lstatSync(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR") return;
      throw error;
    }
    const what = stats.isFile() ? `: it holds ${showContent(readIfThere(fs, path))}` : "";
    throw new CheckFailed(`${path} is back, after its removal had been acknowledged${what}`);
  };
}
