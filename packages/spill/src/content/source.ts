import { readContentOption } from "@holdfast/atomic/steps";
import { errorCode } from "@holdfast/fs/steps";

/** An output, piece by piece. */
export interface Source {
  /** How many bytes it has, where that is known before it is read: then it can be read to its end at any time. */
  readonly bytes: number | undefined;
  /** The next piece; `undefined` at the end. What the source of the caller throws comes through. */
  next(): unknown;
  /** Ends it where it has not ended. Again: nothing. */
  release(): void;
}

/** As much as is encoded, hashed and written at one time. */
const pieceLength = 256 * 1024;

/** A string, in pieces that do not cut a surrogate pair: so that its UTF-8 form is never in memory as a whole. */
export function sourceOfString(text: string, bytes: number): Source {
  let position = 0;
  return {
    bytes,
    next() {
      if (position >= text.length) return undefined;
      const start = position;
      position = Math.min(start + pieceLength, text.length);
      if (position < text.length && isHighSurrogate(text.charCodeAt(position - 1))) position++;
      return text.slice(start, position);
    },
    release() {},
  };
}

/** The bytes of a view, in pieces. */
export function sourceOfBytes(bytes: Uint8Array): Source {
  let position = 0;
  return {
    bytes: bytes.length,
    next() {
      if (position >= bytes.length) return undefined;
      const start = position;
      position = Math.min(start + pieceLength, bytes.length);
      return bytes.subarray(start, position);
    },
    release() {},
  };
}

/** An iterable or a stream, which is watched from now on. @throws `TypeError` if it is none */
export function sourceOfPieces(op: string, data: unknown): Source {
  const content = readContent(op, data);
  if (content instanceof Unreadable) return failingSource(content.error);
  if (content.kind === "bytes") return sourceOfBytes(content.bytes);
  const { source } = content;
  if ("read" in source) throw new TypeError("steps are not a source");
  let released = false;
  return {
    bytes: undefined,
    async next() {
      const result = await source.next();
      return result.done === true ? undefined : (result.value ?? null);
    },
    release() {
      if (!released) source.release();
      released = true;
    },
  };
}

class Unreadable {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/** What a property of the data throws (a getter, a proxy) is not a misuse, and no tool is to get it thrown. */
function readContent(op: string, data: unknown): ReturnType<typeof readContentOption> | Unreadable {
  try {
    return readContentOption(op, data, "async");
  } catch (error) {
    if (errorCode(error) === "ERR_INVALID_ARG") throw error;
    return new Unreadable(error);
  }
}

const failingSource = (error: unknown): Source => ({
  bytes: undefined,
  next() {
    throw error;
  },
  release() {},
});

export const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff;
