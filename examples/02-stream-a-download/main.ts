// Streams a download into place: in constant memory, and under its name only when it is complete and
// its checksum is right. If the connection breaks, the file that was there before is still there.
import { createHash } from "node:crypto";
import { isHoldfastError, replaceFileAtomic, type ReplaceFileReceipt } from "@holdfast/atomic";

export async function download(
  url: string,
  filePath: string,
  options: { sha256: string; signal?: AbortSignal },
): Promise<ReplaceFileReceipt> {
  const response = await fetch(url, { signal: options.signal ?? null });
  if (!response.ok || response.body === null) throw new Error(`${url}: ${response.status}`);
  const hash = createHash("sha256");
  async function* checked(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      hash.update(chunk);
      yield chunk;
    }
  }
  return replaceFileAtomic({
    filePath,
    content: checked(response.body),
    signal: options.signal,
    // Everything is written and flushed now, and nothing is visible yet: the last chance to say no.
    beforeRename() {
      const actual = hash.digest("hex");
      if (actual !== options.sha256) throw new Error(`checksum ${actual}, not ${options.sha256}`);
    },
  });
}

if (import.meta.filename === process.argv[1]) {
  const [url, filePath, sha256] = process.argv.slice(2);
  if (url === undefined || filePath === undefined || sha256 === undefined) {
    console.log("usage: node main.ts URL FILE SHA256");
  } else {
    try {
      const receipt = await download(url, filePath, { sha256 });
      console.log(`${receipt.path}: ${receipt.bytes} bytes`);
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      console.error(error.message, error.cause);
      process.exitCode = 1;
    }
  }
}
