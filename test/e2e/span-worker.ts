/** A worker whose requests are pieces of work, each a span: named by the path, which says how it ends. */

import { span } from "../../src/telemetry/span.ts";

export default {
  async fetch(request) {
    const stream = new URL(request.url).pathname.slice(1);
    const isLater = stream === "resolves" || stream === "rejects";
    const work = (): string => {
      if (stream === "throws" || stream === "rejects") throw new Error("m4rked");
      return stream;
    };
    try {
      const about = () => ({ stream, events: 1, type: undefined });
      const result = await span("react", about, (note) => {
        note({ events: 2, outcome: "done", version: undefined });
        return isLater ? scheduler.wait(1).then(work) : work();
      });
      return Response.json({ result });
    } catch (error) {
      return Response.json({ error: (error as Error).message });
    }
  },
} satisfies ExportedHandler;
