// The log of an agent's session: each message a line, on the disk before the next one is sent. After a
// crash, also one in the middle of a line, the session goes on where it was.
import { openJsonLog, readJsonLog, type JsonLog } from "@holdfast/json";

export type Message =
  | { readonly role: "user" | "assistant"; readonly text: string }
  | { readonly role: "tool"; readonly name: string; readonly output: string };

export interface Session extends AsyncDisposable {
  readonly messages: readonly Message[];
  /** Resolves when the message survives a power cut. */
  say(message: Message): Promise<void>;
}

export async function openSession(path: string): Promise<Session> {
  // First the appender: it puts the end in order, if nobody else is writing.
  const log: JsonLog = await openJsonLog(path, { mode: 0o600 });
  const messages: Message[] = [];
  try {
    for await (const { value } of readJsonLog(path, { validate: asMessage })) messages.push(value);
  } catch (error) {
    await log.close();
    throw error;
  }
  return {
    messages,
    async say(message) {
      await log.append(message);
      messages.push(message);
    },
    [Symbol.asyncDispose]: () => log.close(),
  };
}

function asMessage(value: unknown): Message {
  const { role, text, name, output } = value as Record<string, unknown>;
  if ((role === "user" || role === "assistant") && typeof text === "string") return { role, text };
  if (role === "tool" && typeof name === "string" && typeof output === "string")
    return { role, name, output };
  throw new Error("it is no message");
}

if (import.meta.filename === process.argv[1]) {
  const [path = "session.jsonl", ...words] = process.argv.slice(2);
  await using session = await openSession(path);
  await session.say({ role: "user", text: words.join(" ") || "hello" });
  for (const message of session.messages) console.log(message);
}
