import { spawn } from "node:child_process";
import { once } from "node:events";

/** The children that run now: the demo ends those, and no others, whatever happens to itself. */
const running = new Set();

/**
 * Starts a Node process. `firstLine` resolves with the first line that it prints, `output()` with
 * all of them when it has ended; `lines()` are the whole ones so far.
 */
export function startChild(script, args) {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.add(child);
  let text = "";
  let gotLine;
  const line = new Promise((resolve) => (gotLine = resolve));
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
    if (text.includes("\n")) gotLine(text.slice(0, text.indexOf("\n")));
  });
  const ended = once(child, "close").then(([code, signal]) => {
    running.delete(child);
    return { code, signal };
  });
  return {
    firstLine: Promise.race([
      line,
      ended.then(({ code }) => {
        throw new Error(`${script} ended (${code}) before it said anything`);
      }),
    ]),
    lines: () => text.split("\n").slice(0, -1),
    async output() {
      const { code, signal } = await ended;
      if (code !== 0) throw new Error(`${script} failed (${signal ?? code})`);
      return text;
    },
    /** SIGKILL: the process gets no chance to do anything more. */
    async kill() {
      child.kill("SIGKILL");
      return ended;
    },
  };
}

/** For the end of the demo itself: synchronous, asks nothing, waits for nothing. */
export function endChildren() {
  for (const child of running) child.kill("SIGKILL");
}
