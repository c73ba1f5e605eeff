/** The earlier segments of a log, from which the last one gets what it does not have itself. */

import { type LogPage, type LogReadRequest, type StreamSummary } from "../store/log-protocol.ts";
import { type PackedPage, asRead } from "../store/packed-page.ts";
import { compareUtf8 } from "../core/utf8-order.ts";
import type { LogTable } from "./log-table.ts";
import { isPlain } from "./stored-page.ts";
import { type SegmentInfo, type SegmentRpc, earlierSegment } from "../store/segment.ts";

export class PreviousSegments {
  readonly #info: SegmentInfo;
  readonly #segment: (number: number) => SegmentRpc;

  constructor(info: SegmentInfo, segment: (number: number) => SegmentRpc) {
    this.#info = info;
    this.#segment = segment;
  }

  /** The segment before this one; undefined: this is the first. */
  get previous(): SegmentRpc | undefined {
    return this.#info.number === 1 ? undefined : this.#segment(this.#info.number - 1);
  }

  /**
   * The part of a page that is in an earlier segment, if the page begins in one. `end` is the last position there, in the reading
   * direction.
   */
  async page(request: LogReadRequest, head: number): Promise<{ page: LogPage; end: number } | undefined> {
    const { direction = "forward", after, to } = request;
    const forward = direction === "forward";
    const begin = forward ? (after ?? 0) + 1 : Math.min(after ?? head + 1, head + 1) - 1;
    const found = begin < 1 ? undefined : earlierSegment(this.#info, begin);
    if (!found) return undefined;
    const { number, first, last } = found;
    const rest = forward ? { ...request, to: Math.min(to ?? last, last) } : request;
    const page = asRead(await this.#segment(number).readHere({ ...rest, packed: true }));
    return { page, end: forward ? last : first };
  }

  /** A page as it is stored, if all of it is in one earlier segment. */
  async storedPage(request: LogReadRequest, head: number): Promise<PackedPage | undefined> {
    const found = earlierSegment(this.#info, (request.after ?? 0) + 1);
    if (!found || !isPlain(request)) return undefined;
    const { number, last } = found;
    const page = await this.#segment(number).readHere({ ...request, to: Math.min(request.to ?? last, last), packed: true }, true);
    // At the end of the segment the page may go on in the next one.
    return "packed" in page && (page.next ?? 0) < last ? { ...page, head } : undefined;
  }

  /** Gives the table the versions of streams that it has not met, so that it can tell a gap from a beginning. */
  async teach(table: LogTable, streams: readonly string[]): Promise<void> {
    if (!this.previous) return;
    const unknown = [...new Set(streams)].filter((stream) => table.versionHere(stream) === undefined);
    if (unknown.length === 0) return;
    const versions = await this.previous.versionsHere(unknown);
    for (const [index, stream] of unknown.entries()) table.learn(stream, versions[index] ?? 0);
  }

  /** The versions of streams: from here, or else from the earlier segments. */
  async versions(table: LogTable, streams: readonly string[]): Promise<number[]> {
    await this.teach(table, streams);
    return streams.map((stream) => table.versionHere(stream) ?? 0);
  }

  /** The first position of this segment or an earlier one that was taken at this time or later. */
  async positionAt(table: LogTable, time: number): Promise<number | undefined> {
    const here = table.positionAt(time);
    // What an earlier segment has was taken before: only if all of this one was taken later does it depend on that one.
    if (!this.previous || (here !== undefined && here > table.first)) return here;
    return (await this.previous.positionAtHere(time)) ?? here;
  }

  async positions(here: Record<number, number>, stream: string, from: number, to: number): Promise<Record<number, number>> {
    if (!this.previous || Object.keys(here).length === to - from + 1) return here;
    return { ...(await this.previous.positionsHere(stream, from, to)), ...here };
  }

  /** Streams of this segment and of the earlier ones, each as the latest segment that has it knows it. */
  async streams(here: readonly StreamSummary[], category: string | undefined, after: string, limit: number): Promise<StreamSummary[]> {
    if (!this.previous) return [...here];
    const before = await this.previous.streamsHere(category, after, limit);
    const byName = new Map([...before, ...here].map((summary) => [summary.stream, summary]));
    return [...byName.values()].toSorted((a, b) => compareUtf8(a.stream, b.stream)).slice(0, limit);
  }
}
