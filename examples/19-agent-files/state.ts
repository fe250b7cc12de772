// What the agent keeps for itself, each file in the way that suits it.
import type * as nodeFs from "node:fs";
import { join } from "node:path";
import { createCoalescingWriter } from "@holdfast/atomic";
import { openJsonLog, openJsonStore, readJsonLog, writeJson } from "@holdfast/json";
import { z } from "zod";

const Settings = z.object({ model: z.string(), approve: z.enum(["ask", "always"]) });
export type Settings = z.infer<typeof Settings>;
export const defaults: Settings = { model: "small", approve: "ask" };

const Message = z.object({ role: z.enum(["user", "tool", "rewind"]), text: z.string() });
export type Message = z.infer<typeof Message>;

const mode = 0o600; // what is said to an agent, and its key, are nobody else's
const dirMode = 0o700;

export async function openState(home: string, fileSystem: typeof nodeFs) {
  // One that a person has broken is kept beside it, and the last good one goes on.
  const settings = await openJsonStore<Settings>({
    path: join(home, "settings.json"),
    schema: Settings,
    defaults,
    backups: 1,
    onCorrupt: "restore-backup",
    mode,
    dirMode,
    fileSystem,
  });
  const logPath = join(home, "session.jsonl");
  const log = await openJsonLog(logPath, { mode, dirMode, fileSystem });
  const messages: Message[] = [];
  for await (const { value } of readJsonLog(logPath, { validate: Message, fileSystem }))
    messages.push(value);
  // For a status bar in another process: always whole, and the last one is final.
  const status = createCoalescingWriter({ filePath: join(home, "status.json"), mode, fileSystem });

  return {
    settings,
    messages,
    /** Resolves when the message survives a power cut. */
    async say(message: Message): Promise<void> {
      await log.append(message);
      messages.push(message);
    },
    login: async (token: string): Promise<void> =>
      void (await writeJson(join(home, "credentials.json"), { token }, { mode, fileSystem })),
    /** Does not wait: the file follows as fast as the disk can. */
    show(doing: string): void {
      void status.write(JSON.stringify({ pid: process.pid, doing }));
    },
    /** For the end of the process: it is in the file when this returns, and nothing older lands on it. */
    showLast(doing: string): void {
      this.show(doing);
      status.flushSync();
    },
    async close(): Promise<void> {
      await status.flush();
      await log.close();
      await settings.close();
    },
  };
}
