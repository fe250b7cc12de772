// What an agent keeps between two runs: its settings, what was said, and the messages that it has
// promised to deliver. It may be killed at any moment, and the disk may be full: each of them is then what
// it was before or what it was to become, and a promise that was made is kept by the next run.
import { randomUUID } from "node:crypto";
import * as nodeFs from "node:fs";
import { join } from "node:path";
import { sweepStagedFiles } from "@holdfast/atomic";
import {
  isHoldfastError,
  openJsonLog,
  openJsonStore,
  readJson,
  readJsonLog,
  updateJson,
  writeJson,
} from "@holdfast/json";
import { z } from "zod";

const State = z.object({
  settings: z.object({ model: z.string(), approve: z.enum(["ask", "always"]) }),
  /** By id. What was said in one is in a log of its own: it only grows, and a document is rewritten whole. */
  conversations: z.record(z.string(), z.object({ title: z.string(), lastSaid: z.string() })),
});
export type State = z.infer<typeof State>;

const Message = z.object({ role: z.enum(["user", "agent"]), text: z.string() });
export type Message = z.infer<typeof Message>;

const Delivery = z.object({
  id: z.string(),
  to: z.string(),
  text: z.string(),
  status: z.enum(["pending", "delivered", "failed"]),
  attempts: z.number(),
  error: z.string().optional(),
});
export type Delivery = z.infer<typeof Delivery>;

/**
 * Hands a delivery to whoever carries it. Who is killed between this and the record of it hands it over
 * once more: the receiver is to drop an `id` that it has seen.
 */
export type Send = (delivery: Delivery) => Promise<void>;

export interface Agent {
  readonly state: State;
  configure(settings: Partial<State["settings"]>): Promise<void>;
  /** Resolves when the message survives a power cut. */
  say(conversation: string, message: Message): Promise<void>;
  messages(conversation: string): Promise<Message[]>;
  /** Resolves when the promise survives a power cut: the message is delivered, by this run or by a later one. */
  promise(to: string, text: string): Promise<Delivery>;
  /** Tries what is pending. To be called at the start, for what the last run has left. */
  deliver(send: Send): Promise<{ tried: Delivery[]; problems: unknown[] }>;
  close(): Promise<void>;
}

const defaults: State = { settings: { model: "small", approve: "ask" }, conversations: {} };
const maxAttempts = 3;
const mode = 0o600; // what is said to an agent is nobody else's

export async function openAgent(
  folder: string,
  fileSystem: typeof nodeFs = nodeFs,
): Promise<Agent> {
  const path = join(folder, "state.json");
  const options = { path, schema: State, defaults, backups: 1, mode, fileSystem };
  const store = await openJsonStore<State>(options);
  const deliveries = join(folder, "deliveries");
  // What killed runs were writing: nobody was told that it is there, so nobody waits for it.
  for (const each of [folder, deliveries])
    await sweepStagedFiles(each, { fileSystem }).catch(noneYet);
  const recordOf = (id: string): string => join(deliveries, `${id}.json`);
  const logOf = (id: string): string => join(folder, "conversations", `${id}.jsonl`);

  async function tryOnce(path: string, send: Send): Promise<Delivery | undefined> {
    const delivery = await readJson(path, { validate: Delivery, fileSystem });
    if (delivery.status !== "pending") return undefined;
    const attempts = delivery.attempts + 1;
    const outcome = await send(delivery).then(
      () => ({ status: "delivered" as const, attempts }),
      (error: unknown) => {
        const status = attempts < maxAttempts ? ("pending" as const) : ("failed" as const);
        return { status, attempts, error: String(error) };
      },
    );
    // Under a lock, and only if it is still pending: another run may have delivered it meanwhile.
    return await updateJson<Delivery>(
      path,
      (now) => (now.status === "pending" ? { ...now, ...outcome } : now),
      { validate: Delivery, initial: delivery, fileSystem },
    );
  }

  return {
    get state() {
      return store.get() as State;
    },
    async configure(settings) {
      await store.update((draft) => void Object.assign(draft.settings, settings));
    },
    async say(id, message) {
      const log = await openJsonLog(logOf(id), { mode, fileSystem });
      try {
        await log.append(message);
      } finally {
        await log.close();
      }
      await store.update(({ conversations }) => {
        const title = conversations[id]?.title ?? message.text.slice(0, 40);
        conversations[id] = { title, lastSaid: new Date().toISOString() };
      });
    },
    async messages(id) {
      const messages: Message[] = [];
      const records = readJsonLog(logOf(id), { validate: Message, fileSystem });
      for await (const { value } of records) messages.push(value);
      return messages;
    },
    async promise(to, text) {
      const id = randomUUID();
      const delivery: Delivery = { id, to, text, status: "pending", attempts: 0 };
      await writeJson(recordOf(id), delivery, { mode, fileSystem });
      return delivery;
    },
    async deliver(send) {
      const names = await fileSystem.promises.readdir(deliveries).catch(noneYet);
      const tried: Delivery[] = [];
      const problems: unknown[] = [];
      for (const name of names.filter((one) => one.endsWith(".json"))) {
        try {
          const delivery = await tryOnce(join(deliveries, name), send);
          if (delivery !== undefined) tried.push(delivery);
        } catch (error) {
          if (!isHoldfastError(error)) throw error;
          problems.push(error); // a record that a person has to look at does not hold up the others
        }
      }
      return { tried, problems };
    },
    close: () => store.close(),
  };
}

function noneYet(error: NodeJS.ErrnoException): string[] {
  if (error.code !== "ENOENT") throw error;
  return [];
}

if (import.meta.filename === process.argv[1]) {
  const [folder = "agent", text = "hello", model = "small"] = process.argv.slice(2);
  const agent = await openAgent(folder);
  const send: Send = async ({ id, to, text }) => console.log(`sent ${id} to ${to}: ${text}`);
  await agent.configure({ model });
  await agent.say("today", { role: "user", text });
  const { id } = await agent.promise("operations", text);
  console.log(`promised ${id}`);
  const { problems } = await agent.deliver(send);
  for (const error of problems) console.error(error);
  await agent.close();
}
