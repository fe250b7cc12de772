import { Refusal } from "@holdfast/fs/steps";
import { constants } from "node:buffer";
import { types } from "node:util";
import { lostKindOf, type LostKind } from "./lost-kinds.ts";
import { mostDigits } from "./scan-json.ts";
import { showValuePath } from "./value-path.ts";

/** Deeper is no document, but a `toJSON` that never comes to an end. */
const mostLevels = 250_000;
/** A string that grows piece by piece takes far more memory than its text. */
const chunkLength = 65_536;

/** An array or object that is being written. */
interface Frame {
  readonly container: object;
  /** Of an object. */
  readonly keys: readonly string[] | undefined;
  readonly length: number;
  /** The index of the next element or key. */
  next: number;
  isEmpty: boolean;
  /** The line end and indentation before each member. */
  readonly gap: string;
}

/**
 * Writes what `JSON.stringify` writes, and asks getters and `toJSON` in the same order, but stops at what that
 * would leave out or turn into `null`. It keeps its own stack, and knows where it is.
 */
export class JsonWriter {
  private readonly indent: string | undefined;
  private readonly sortKeys: boolean;
  private readonly writesBigInts: boolean;
  private text = "";
  private written = 0;
  private readonly chunks: Buffer[] = [];
  private readonly frames: Frame[] = [];
  private readonly open = new Set<object>();

  /**
   * @param indent of each level; `undefined` for one line
   * @param writesBigInts whether they are written as integers, without asking a `toJSON`
   */
  constructor(indent: string | undefined, sortKeys: boolean, writesBigInts = false) {
    this.indent = indent;
    this.sortKeys = sortKeys;
    this.writesBigInts = writesBigInts;
  }

  /** @throws `Refusal` (`ERR_JSON_UNSERIALIZABLE`) with `valuePath` */
  write(root: unknown): Buffer {
    this.member({ "": root }, "", "", false);
    for (;;) {
      const frame = this.frames.at(-1);
      if (frame === undefined) break;
      if (frame.next === frame.length) this.close(frame);
      else this.nextMember(frame);
    }
    this.flush();
    return Buffer.concat(this.chunks);
  }

  private nextMember(frame: Frame): void {
    const index = frame.next++;
    const separator = frame.isEmpty ? frame.gap : `,${frame.gap}`;
    if (frame.keys === undefined) {
      frame.isEmpty = false;
      this.member(frame.container, String(index), separator, false);
      return;
    }
    const key = frame.keys[index] as string;
    const colon = this.indent === undefined ? ":" : ": ";
    this.member(frame.container, key, separator + JSON.stringify(key) + colon, true);
  }

  private member(holder: object, name: string, prefix: string, isProperty: boolean): void {
    const value = this.resolve(holder, name);
    if (value === undefined && isProperty) return;
    const frame = this.frames.at(-1);
    if (frame !== undefined) frame.isEmpty = false;
    if (typeof value === "object" && value !== null) this.begin(value, prefix);
    else this.append(prefix + this.scalar(value));
  }

  /** What stands for a member: after `toJSON`, and without an object around a string, number or boolean. */
  private resolve(holder: object, name: string): unknown {
    let isRead = false;
    try {
      const value = (holder as Record<string, unknown>)[name];
      isRead = true;
      if (value === null) return value;
      const type = typeof value;
      // A `toJSON` that somebody gave to all BigInts would make strings of integers that were in the file.
      if (type === "bigint" && this.writesBigInts) return value;
      if (type !== "object" && type !== "function" && type !== "bigint") return value;
      const { toJSON } = value as { toJSON?: unknown };
      return unboxed(typeof toJSON === "function" ? toJSON.call(value, name) : value);
    } catch (cause) {
      throw this.refusal(isRead ? "has a toJSON that threw" : "could not be read", cause);
    }
  }

  private scalar(value: unknown): string {
    switch (typeof value) {
      case "string":
        return JSON.stringify(value);
      case "boolean":
        return String(value);
      case "number":
        if (!Number.isFinite(value)) throw this.refusal(`is ${value}`);
        return String(value);
      case "bigint":
        return this.integer(value as bigint);
      case "undefined":
        throw this.refusal("is undefined");
      case "function":
        throw this.refusal("is a function");
      case "symbol":
        throw this.refusal("is a symbol");
      default:
        return "null";
    }
  }

  private integer(value: bigint): string {
    if (!this.writesBigInts) throw this.refusal("is a BigInt");
    const text = String(value);
    // It could not be read again.
    if (text.length <= mostDigits + (value < 0n ? 1 : 0)) return text;
    throw this.refusal(`is a BigInt of more than ${mostDigits.toLocaleString("en")} digits`);
  }

  private begin(container: object, prefix: string): void {
    if (isRaw(container)) {
      this.append(prefix + container.rawJSON);
      return;
    }
    this.refuseLost(container);
    if (this.open.has(container)) {
      const first = this.frames.findIndex((frame) => frame.container === container);
      const again = showValuePath(this.path().slice(0, first));
      throw this.refusal(`is ${again} again, in a circle`);
    }
    if (this.frames.length === mostLevels) throw this.refusal("is too deep");
    let keys: string[] | undefined;
    let length: number;
    try {
      const isArray = Array.isArray(container);
      keys = isArray ? undefined : Object.keys(container);
      if (this.sortKeys) keys?.sort();
      length = isArray ? container.length : (keys as string[]).length;
    } catch (cause) {
      throw this.refusal("could not be read", cause);
    }
    this.append(prefix + (keys === undefined ? "[" : "{"));
    const gap = this.indent === undefined ? "" : this.gap() + this.indent;
    this.frames.push({ container, keys, length, next: 0, isEmpty: true, gap });
    this.open.add(container);
  }

  private refuseLost(container: object): void {
    let lost: LostKind | undefined;
    try {
      lost = lostKindOf(container);
    } catch (cause) {
      throw this.refusal("could not be read", cause);
    }
    if (lost !== undefined) throw this.refusal(`is ${lost.what}`, undefined, lost.hint);
  }

  private close(frame: Frame): void {
    this.frames.pop();
    this.open.delete(frame.container);
    if (!frame.isEmpty) this.append(this.gap());
    this.append(frame.keys === undefined ? "]" : "}");
  }

  /** The line end and indentation where we are. */
  private gap(): string {
    return this.frames.at(-1)?.gap ?? (this.indent === undefined ? "" : "\n");
  }

  private append(text: string): void {
    this.text += text;
    if (this.text.length > chunkLength) this.flush();
  }

  private flush(): void {
    this.written += this.text.length;
    if (this.written > constants.MAX_STRING_LENGTH) {
      throw new Refusal("ERR_TOO_LARGE", { problem: "its JSON is longer than a string can be" });
    }
    this.chunks.push(Buffer.from(this.text));
    this.text = "";
  }

  private path(): PropertyKey[] {
    return this.frames.map(({ keys, next }) => keys?.[next - 1] ?? next - 1);
  }

  private refusal(problem: string, cause?: unknown, hint?: string): Refusal {
    const valuePath = this.path();
    return new Refusal("ERR_JSON_UNSERIALIZABLE", {
      problem: `${showValuePath(valuePath)} ${problem}: it has no form in JSON`,
      ...(cause !== undefined && { cause }),
      ...(hint !== undefined && { hint }),
      more: { valuePath },
    });
  }
}

function unboxed(value: unknown): unknown {
  if (types.isNumberObject(value)) return Number(value);
  if (types.isStringObject(value)) return String(value);
  if (types.isBooleanObject(value)) return Boolean.prototype.valueOf.call(value);
  return types.isBigIntObject(value) ? BigInt.prototype.valueOf.call(value) : value;
}

interface RawJson {
  readonly rawJSON: string;
}

/** Whether `JSON.rawJSON` returned it, where there is such a function: from Node 21 on. */
function isRaw(value: object): value is RawJson {
  const { isRawJSON } = JSON as { isRawJSON?: (value: object) => boolean };
  return isRawJSON?.(value) === true;
}
