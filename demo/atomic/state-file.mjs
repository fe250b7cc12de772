import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

/**
 * The state of a program, as JSON: `{"version":7,"checksum":"…","entries":[…]}`. The checksum covers
 * the version and the entries, so that a mixture of two states cannot pass for either.
 */
export function createStateSource() {
  // Prepared once: the writer shall spend its time on writing. The sizes differ, or a file that is
  // overwritten from the front could look whole while its end is still the old one.
  const bodies = Array.from({ length: 6 }, (_, i) => {
    const entries = Array.from({ length: 900 + 120 * i }, (__, id) => ({
      id,
      note: randomBytes(88).toString("hex"),
    }));
    const body = JSON.stringify(entries);
    return { body, digest: sha256(body) };
  });
  return function stateOf(version) {
    const { body, digest } = bodies[version % bodies.length];
    return `{"version":${version},"checksum":"${sha256(`${version} ${digest}`)}","entries":${body}}\n`;
  };
}

/** What is in the file: `{ verdict: "whole" | "torn" | "empty" | "missing", version }`. */
export function examine(filePath) {
  let text;
  try {
    text = readFileSync(filePath, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return { verdict: "missing" };
    throw error;
  }
  if (text === "") return { verdict: "empty" };
  try {
    const { version, checksum } = JSON.parse(text);
    const body = text.slice(text.indexOf('"entries":') + '"entries":'.length, -"}\n".length);
    if (sha256(`${version} ${sha256(body)}`) === checksum) return { verdict: "whole", version };
  } catch {
    // not JSON: torn
  }
  return { verdict: "torn" };
}

function sha256(text) {
  return createHash("sha256").update(text).digest("hex");
}
