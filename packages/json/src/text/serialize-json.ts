import type { FormatOptions } from "../document/options.ts";
import { isPlain } from "./is-plain.ts";
import { JsonWriter } from "./json-writer.ts";
import { formatOf } from "./text-format.ts";

/** `JSON.stringify` indents by no more. */
const longestIndent = 10;

/** How a value is written. */
export interface SerializeOptions extends FormatOptions {
  /** `"bigint"`: BigInts are written as integers. Otherwise they are refused. */
  readonly bigint?: "number" | "bigint" | undefined;
}

/**
 * The JSON text of a value, with a final newline, or as a file was (`"preserve"`).
 *
 * @param before the text that is replaced, for `space: "preserve"`
 * @throws `Refusal` (`ERR_JSON_UNSERIALIZABLE`) with `valuePath`
 */
export function serializeJson(
  value: unknown,
  options: SerializeOptions,
  before?: Uint8Array,
): Uint8Array {
  const format = formatOf(options.space, before);
  const text = stringify(value, format.indent, options.sortKeys ?? false, options.bigint);
  const lines = format.lineEnd === "\n" ? text : text.replaceAll("\n", format.lineEnd);
  return Buffer.from(format.endsInLineEnd ? lines + format.lineEnd : lines);
}

/** One line without line end: a record of a log. */
export function serializeRecord(value: unknown, bigint?: SerializeOptions["bigint"]): string {
  return stringify(value, undefined, false, bigint);
}

/** `JSON.stringify` where that is as good; it is several times faster than anything written in JavaScript. */
function stringify(
  value: unknown,
  indent: string | undefined,
  sortKeys: boolean,
  bigint: SerializeOptions["bigint"],
): string {
  const isItsIndent = indent === undefined || (indent !== "" && indent.length <= longestIndent);
  if (isItsIndent && !sortKeys) {
    try {
      if (isPlain(value)) return JSON.stringify(value, undefined, indent);
    } catch {
      // A getter threw, or the stack was almost full: the writer says which, or needs less of it.
    }
  }
  return new JsonWriter(indent, sortKeys, bigint === "bigint").write(value).toString();
}
