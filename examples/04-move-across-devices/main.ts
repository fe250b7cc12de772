// Moves a file or a tree, also to another device: there it is copied beside the destination, flushed,
// renamed into place, and only then is the source removed. Killed at any moment, one of the two is whole.
import { isHoldfastError, movePathWithCopyFallback } from "@holdfast/atomic";

export async function archive(
  source: string,
  destination: string,
  report: (line: string) => void,
): Promise<boolean> {
  let percent = -1;
  try {
    const receipt = await movePathWithCopyFallback({
      source,
      destination,
      onProgress({ bytes, totalBytes }) {
        const now = totalBytes === 0 ? 100 : Math.floor((100 * bytes) / totalBytes);
        if (now !== percent) report(`${(percent = now)} %`);
      },
    });
    report(`moved by ${receipt.method}: ${receipt.path}`);
    if (receipt.lost.length > 0) report(`could not be kept: ${receipt.lost.join(", ")}`);
    return true;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    report(error.message); // says what is on disk now
    return false;
  }
}

if (import.meta.filename === process.argv[1]) {
  const [source, destination] = process.argv.slice(2);
  if (source === undefined || destination === undefined) {
    console.log("usage: node main.ts SOURCE DESTINATION");
  } else if (!(await archive(source, destination, console.log))) {
    process.exitCode = 1;
  }
}
