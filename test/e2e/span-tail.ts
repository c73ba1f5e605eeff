/** A worker that gets the spans of another one, as the platform reports them, and prints ours: a line each, for the test to read. */

interface Printed {
  readonly name: string;
  /** The platform's own. */
  readonly trace: string;
  readonly id: string;
  readonly parent: string | undefined;
  readonly attributes: Record<string, unknown>;
  /** Absent: nothing was said of how it went. */
  status?: object;
}

export default {
  tailStream() {
    const open = new Map<string, Printed>();
    return {
      spanOpen({ event, spanContext }) {
        const { spanId: id, name } = event;
        open.set(id, { name, trace: spanContext.traceId, id, parent: spanContext.spanId, attributes: {} });
      },
      attributes({ event, spanContext }) {
        const attributes = open.get(spanContext.spanId ?? "")?.attributes ?? {};
        for (const { name, value } of event.info) attributes[name] = value;
      },
      spanUpdate({ event: { info }, spanContext }) {
        const span = open.get(spanContext.spanId ?? "");
        if (span && info.type === "status") span.status = info.status;
      },
      spanClose({ spanContext }) {
        const span = open.get(spanContext.spanId ?? "");
        if (span?.name.startsWith("headspring.")) console.warn(`<span>${JSON.stringify(span)}</span>`);
      },
    };
  },
  fetch: () => new Response(),
} satisfies ExportedHandler;
