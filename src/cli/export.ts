/** The log to a file, and what the store has declared to another one. Positions have no holes, so the number of lines says whether all came; what an interruption has cut off is taken away. */

import { type FileHandle, open, rename, writeFile } from "node:fs/promises";
import { HeadspringError } from "../client/problem.ts";
import { progressOf } from "./progress.ts";
import type { Session } from "./session.ts";

/** Events of a piece. The store ends it earlier, at 64 MiB. Ours. */
const PIECE_EVENTS = 50_000;
/** Bytes read at once. Ours. */
const CHUNK_BYTES = 1_048_576;
const NEWLINE = 10;
/** With which every line begins. */
const BEGINNING = '{"id":"';

interface Place {
  readonly id: string;
  readonly position: number;
}

export async function exportTo(path: string, session: Session): Promise<{ position: number; added: number; definitions: number }> {
  const file = await open(path, "a+", 0o600); // events may be anything: not for others on the machine
  try {
    const last = await repaired(file, path);
    const begin = last?.position ?? 0;
    const { head } = (await session.connection.send("/log/head")).body as { head: number };
    if (begin > head) throw new Error(`${path} has position ${begin}, the log only ${head}: this is another store`);
    if (last !== undefined) {
      const { lines } = await piece(session, begin - 1, begin);
      if (placeOf(lines[0] ?? "")?.id !== last.id)
        throw new Error(`the log has another event at position ${begin} than ${path}: this is another store`);
    }
    const progress = progressOf("exporting", "events");
    let have = begin;
    try {
      while (have < head) {
        progress.at(have, head);
        const { lines, next } = await piece(session, have, head);
        await file.appendFile(`${lines.join("\n")}\n`);
        have = next;
      }
    } finally {
      progress.end();
    }
    await file.sync();
    return { position: have, added: have - begin, definitions: await exportDefinitions(path, have, session) };
  } finally {
    await file.close();
  }
}

/** The file next to an export that has what the store has declared over HTTP. */
export function definitionsFile(path: string): string {
  return `${path}.definitions`;
}

/** Writes it whole, after the events: whatever they need is in it. @returns how many there are */
async function exportDefinitions(path: string, position: number, { connection }: Session): Promise<number> {
  const query = `/log?definitions=true&after=${position}&to=${position}&limit=1`;
  const lines = await connection.sendAs(query, { headers: { accept: "application/x-ndjson" } }, async (response) => {
    const found = (await response.text()).split("\n").filter((line) => line !== "");
    if (found.pop()?.startsWith('{"hasMore":false,')) return found;
    throw new HeadspringError("unreachable", "the export of definitions breaks off", 0);
  });
  const [file, next] = [definitionsFile(path), `${definitionsFile(path)}.new`];
  await writeFile(next, lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
  await rename(next, file);
  return lines.length;
}

/** Takes off a line that was cut, and checks that the file has the log from its beginning. @returns its last event; undefined: it is empty */
async function repaired(file: FileHandle, path: string): Promise<Place | undefined> {
  const { size } = await file.stat();
  let [lines, whole, before] = [0, 0, 0];
  for (let offset = 0; offset < size; offset += CHUNK_BYTES) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, offset);
    for (let at = buffer.indexOf(NEWLINE); at !== -1 && at < bytesRead; at = buffer.indexOf(NEWLINE, at + 1)) {
      lines++;
      before = whole;
      whole = offset + at + 1;
    }
  }
  const textOf = async (from: number, to: number) => (await file.read(Buffer.alloc(to - from), 0, to - from, from)).buffer.toString("utf8");
  const last = lines === 0 ? undefined : placeOf(await textOf(before, whole));
  const cut = await textOf(whole, Math.min(size, whole + BEGINNING.length));
  // Another file than an export stays as it is.
  if ((last?.position ?? 0) !== lines || !BEGINNING.startsWith(cut))
    throw new Error(
      `${path} is no export, or damaged: it has ${lines} lines, and the last one's position is ${last?.position ?? "missing"}`,
    );
  if (whole < size) await file.truncate(whole);
  return last;
}

function placeOf(line: string): Place | undefined {
  try {
    const { id, position } = JSON.parse(line) as Partial<Place>;
    return typeof id === "string" && typeof position === "number" ? { id, position } : undefined;
  } catch {
    return undefined;
  }
}

/** A piece of the log, whole: asked for again when it breaks off. */
function piece({ connection }: Session, after: number, to: number): Promise<{ lines: string[]; next: number }> {
  const path = `/log?after=${after}&to=${to}&limit=${PIECE_EVENTS}`;
  return connection.sendAs(path, { headers: { accept: "application/x-ndjson" } }, async (response) => {
    try {
      const lines = (await response.text()).split("\n").filter((line) => line !== "");
      const { next } = JSON.parse(lines.pop() ?? "{}") as { next?: number };
      if (next !== undefined && lines.length > 0 && lines.length === next - after) return { lines, next };
    } catch {
      // As if it had ended there.
    }
    throw new HeadspringError("unreachable", `the export after position ${after} breaks off`, 0);
  });
}
