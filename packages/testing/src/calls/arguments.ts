/** The arguments of `node:fs`, brought into the one form that calls have. */

import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import type { Path, Time } from "./call.ts";
import { O_APPEND, O_CREAT, O_EXCL, O_RDWR, O_SYNC, O_TRUNC, O_WRONLY } from "./constants.ts";

const flagsOf: Readonly<Record<string, number>> = {
  r: 0,
  rs: O_SYNC,
  sr: O_SYNC,
  "r+": O_RDWR,
  "rs+": O_RDWR | O_SYNC,
  "sr+": O_RDWR | O_SYNC,
  w: O_TRUNC | O_CREAT | O_WRONLY,
  wx: O_TRUNC | O_CREAT | O_WRONLY | O_EXCL,
  xw: O_TRUNC | O_CREAT | O_WRONLY | O_EXCL,
  "w+": O_TRUNC | O_CREAT | O_RDWR,
  "wx+": O_TRUNC | O_CREAT | O_RDWR | O_EXCL,
  "xw+": O_TRUNC | O_CREAT | O_RDWR | O_EXCL,
  a: O_APPEND | O_CREAT | O_WRONLY,
  ax: O_APPEND | O_CREAT | O_WRONLY | O_EXCL,
  xa: O_APPEND | O_CREAT | O_WRONLY | O_EXCL,
  as: O_APPEND | O_CREAT | O_WRONLY | O_SYNC,
  "a+": O_APPEND | O_CREAT | O_RDWR,
  "ax+": O_APPEND | O_CREAT | O_RDWR | O_EXCL,
  "xa+": O_APPEND | O_CREAT | O_RDWR | O_EXCL,
  "as+": O_APPEND | O_CREAT | O_RDWR | O_SYNC,
};

const longestShown = 128;

/** As Node refuses an argument of the wrong type. */
export function invalidArgument(name: string, expected: string, value: unknown): TypeError {
  const got = value === null || typeof value !== "object" ? String(value) : "an object";
  const error = new TypeError(`The "${name}" argument must be ${expected}. Received ${got}`);
  return Object.assign(error, { code: "ERR_INVALID_ARG_TYPE" });
}

/** As Node refuses an argument of the right type that means nothing. */
export function invalidValue(name: string, value: unknown, reason = "is invalid"): TypeError {
  const text = inspect(value);
  const got = text.length > longestShown ? `${text.slice(0, longestShown)}...` : text;
  const error = new TypeError(`The argument '${name}' ${reason}. Received ${got}`);
  return Object.assign(error, { code: "ERR_INVALID_ARG_VALUE" });
}

export function outOfRange(name: string, range: string, value: unknown): RangeError {
  const text = `The value of "${name}" is out of range. It must be ${range}. Received ${String(value)}`;
  return Object.assign(new RangeError(text), { code: "ERR_OUT_OF_RANGE" });
}

export function toInteger(value: unknown, name: string, least: number, most: number): number {
  if (typeof value !== "number") throw invalidArgument(name, "of type number", value);
  if (!Number.isInteger(value)) throw outOfRange(name, "an integer", value);
  if (value < least || value > most) throw outOfRange(name, `>= ${least} && <= ${most}`, value);
  return value;
}

export const toDescriptor = (fd: unknown): number => toInteger(fd, "fd", 0, 2 ** 31 - 1);

/** -1: left as it is. */
export const toOwner = (id: unknown, name: "uid" | "gid"): number =>
  toInteger(id, name, -1, 2 ** 32 - 1);

export const toAccessMode = (mode: unknown): number => toInteger(mode ?? 0, "mode", 0, 7);

export const toCopyMode = (mode: unknown): number => toInteger(mode ?? 0, "mode", 0, 7);

/** Node takes a negative length for 0. */
export const toLength = (length: unknown): number =>
  Math.max(0, toInteger(length ?? 0, "len", -(2 ** 53), 2 ** 53));

/** `"w"` or a number, to a number. */
export function toFlags(flags: unknown, byDefault: string): number {
  const given = flags ?? byDefault;
  if (typeof given === "number") return toInteger(given, "flags", -(2 ** 31), 2 ** 31 - 1);
  const known = typeof given === "string" ? flagsOf[given] : undefined;
  if (known === undefined) throw invalidValue("flags", flags);
  return known;
}

/** @param byDefault without it, a mode has to be given */
export function toMode(mode: unknown, byDefault?: number): number {
  if ((mode === undefined || mode === null) && byDefault !== undefined) return byDefault;
  if (typeof mode === "string") {
    if (/^[0-7]+$/.test(mode)) return Number.parseInt(mode, 8);
    throw invalidValue("mode", mode, "must be a 32-bit unsigned integer or an octal string");
  }
  return toInteger(mode, "mode", 0, 2 ** 32 - 1);
}

export function toPath(path: unknown, name = "path"): Path {
  if (path instanceof URL) return toPath(fileURLToPath(path), name);
  if (typeof path === "string") {
    if (path.includes("\0")) throw invalidValue(name, path, "must be a string without null bytes");
    return path;
  }
  if (path instanceof Uint8Array) {
    if (path.includes(0)) throw invalidValue(name, path, "must be a Buffer without null bytes");
    return Buffer.isBuffer(path) ? path : Buffer.from(path);
  }
  throw invalidArgument(name, "a string, a Buffer or a URL", path);
}

export type LinkType = "file" | "dir" | "junction" | null;

export function toLinkType(type: unknown): LinkType {
  if (type === undefined || type === null) return null;
  if (type === "file" || type === "dir" || type === "junction") return type;
  throw invalidValue("type", type, 'must be "file", "dir" or "junction"');
}

export type Encoding = BufferEncoding | "buffer";

interface WithEncoding {
  readonly encoding?: unknown;
}

/** The `encoding` of an options argument, which may be the encoding itself. */
export function toEncoding<Default>(options: unknown, byDefault: Default): Encoding | Default {
  if (options === undefined || options === null) return byDefault;
  if (typeof options !== "string" && typeof options !== "object") {
    throw invalidArgument("options", "an encoding or an object", options);
  }
  const given = typeof options === "string" ? options : (options as WithEncoding).encoding;
  if (given === undefined || given === null || given === "") return byDefault;
  if (given === "utf8" || given === "buffer" || Buffer.isEncoding(given as string)) {
    return given as Encoding;
  }
  throw invalidValue("encoding", given, "is an unknown encoding");
}

/** An options argument that is an object, or nothing. */
export function toOptions<Options extends object>(options: unknown): Partial<Options> {
  return typeof options === "object" && options !== null ? (options as Partial<Options>) : {};
}

/** The same where nothing else may stand in its place. */
export function toStrictOptions<Options extends object>(options: unknown): Partial<Options> {
  if (options === undefined || options === null) return {};
  if (typeof options !== "object") throw invalidArgument("options", "an object", options);
  return options as Partial<Options>;
}

export function toBoolean(value: unknown, name: string, byDefault = false): boolean {
  if (value === undefined || value === null) return byDefault;
  if (typeof value !== "boolean") throw invalidArgument(name, "of type boolean", value);
  return value;
}

/** The `signal` of an options argument. */
function toSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  if (typeof signal === "object" && signal !== null && "aborted" in signal) {
    return signal as AbortSignal;
  }
  throw invalidArgument("options.signal", "an AbortSignal", signal);
}

/** Throws as Node's file system does: not the reason itself, but an error that it caused. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  const error = new Error("The operation was aborted", { cause: signal.reason });
  throw Object.assign(error, { name: "AbortError", code: "ABORT_ERR" });
}

/** What a file is filled with, as bytes. */
export function toBytes(data: unknown, encoding: unknown = "utf8"): Uint8Array {
  if (typeof data === "string") return Buffer.from(data, encoding as BufferEncoding);
  if (ArrayBuffer.isView(data))
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw invalidArgument("data", "a string, a Buffer, a typed array or a DataView", data);
}

/** Bytes as `encoding` asks for them. */
export function fromBytes(bytes: Buffer, encoding: Encoding | null): string | Buffer {
  return encoding === null || encoding === "buffer" ? bytes : bytes.toString(encoding);
}

/** For what has to take paths apart: a path as text. */
export function toText(path: unknown, name = "path"): string {
  const given = toPath(path, name);
  return typeof given === "string" ? given : given.toString();
}

export function toTime(time: unknown): Time {
  if (time instanceof Date) return time;
  const seconds = typeof time === "string" ? Number(time) : time;
  if (typeof seconds === "number" && Number.isFinite(seconds)) return seconds;
  throw invalidArgument("time", "a number, a string or a Date", time);
}

/** The second argument of `mkdir`: options, or a mode. */
export function toDirectoryOptions(options: unknown): {
  readonly recursive: boolean;
  readonly mode: number;
} {
  const isMode = typeof options === "number" || typeof options === "string";
  const { recursive, mode } = toOptions<{ recursive: boolean; mode: unknown }>(options);
  return {
    recursive: toBoolean(recursive, "options.recursive"),
    mode: toMode(isMode ? options : mode, 0o777),
  };
}

/** The options of `writeFile` and `appendFile`. */
export interface WriteFileOptions {
  readonly encoding: Encoding;
  readonly flags: number;
  readonly mode: number;
  readonly flush: boolean;
  readonly signal: AbortSignal | undefined;
}

export function toWriteFile(options: unknown, byDefault: "w" | "a"): WriteFileOptions {
  const encoding = toEncoding(options, "utf8");
  const given = toOptions<Record<"flag" | "mode" | "flush" | "signal", unknown>>(options);
  return {
    encoding,
    flags: toFlags(given.flag, byDefault),
    mode: toMode(given.mode, 0o666),
    flush: toBoolean(given.flush, "options.flush"),
    signal: toSignal(given.signal),
  };
}

export interface ReadFileOptions {
  readonly encoding: Encoding | null;
  readonly flags: number;
  readonly signal: AbortSignal | undefined;
}

export function toReadFile(options: unknown): ReadFileOptions {
  const encoding = toEncoding(options, null);
  const { flag, signal } = toOptions<Record<"flag" | "signal", unknown>>(options);
  return { encoding, flags: toFlags(flag, "r"), signal: toSignal(signal) };
}
